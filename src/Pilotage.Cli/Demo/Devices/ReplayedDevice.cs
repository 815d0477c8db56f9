using System.Text.Json.Nodes;
using System.Text;
using Pilotage.Cli.Demo.Fleet;
using Pilotage.Cli.Frame;
using Pilotage.Sdk.Devices;

namespace Pilotage.Cli.Demo.Devices;

/// <summary>One recorded machine that lives again: its rows become messages, cycle n at T0 + n h, its end becomes a stop event.</summary>
internal sealed class ReplayedDevice(FleetUnit unit, IReadOnlyList<string> properties, DeviceCredential credential, DeviceClient client, MessageCount count) : IAsyncDisposable
{
    /// <summary>In the past, and the same in every run: the figures of two runs can be compared.</summary>
    public static readonly DateTimeOffset T0 = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The event with which a machine marks how far it was replayed.</summary>
    public const string MarkEvent = "replayed";

    private const double UnplannedHours = 10;
    private bool _stopped;

    public FleetUnit Unit => unit;

    public DeviceCredential Credential => credential;

    /// <summary>Cycles sent and stored so far.</summary>
    public int Cycle { get; private set; }

    public bool AtEnd => Cycle >= unit.Cycles;

    public static DateTimeOffset At(int cycle) => T0.AddHours(cycle);

    /// <summary>Sends the next cycle and waits until it is stored.</summary>
    public async Task StepAsync(CancellationToken cancellation)
    {
        await SendAsync(Cycle + 1, cancellation);
        Cycle++;
    }

    /// <summary>Sends all cycles up to one, many on their way at the same time.</summary>
    public async Task RunToAsync(int cycle, CancellationToken cancellation)
    {
        var last = Math.Min(cycle, unit.Cycles);
        await Task.WhenAll(Enumerable.Range(Cycle + 1, Math.Max(0, last - Cycle)).Select(n => SendAsync(n, cancellation)));
        Cycle = Math.Max(Cycle, last);
    }

    /// <summary>Tells that the machine failed, once, where the record ends in failure.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        if (_stopped || !AtEnd || !unit.FailsAtEnd)
        {
            return;
        }

        _stopped = true;
        var data = new JsonObject { ["planned"] = false, ["cause"] = "run to failure", ["hours"] = UnplannedHours };
        var answer = await client.SendEventAsync("stop", $"{credential.Id}/stop/{unit.Cycles}", At(unit.Cycles), Encoding.UTF8.GetBytes(data.ToJsonString()), cancellation);
        if (!answer.Stored)
        {
            throw new CliFailure(ExitCode.Failed, $"the stop of {unit.Device} was refused", answer.Reason);
        }
    }

    /// <summary>Says that it was replayed as far as it is now, behind whatever else of its edge is on the way; answers the mark's id.</summary>
    public async Task<string> MarkAsync(CancellationToken cancellation)
    {
        var id = $"{credential.Id}/{MarkEvent}/{Cycle}";
        var answer = await client.SendEventAsync(MarkEvent, id, At(Cycle), "{}"u8.ToArray(), cancellation);
        return answer.Stored ? id : throw new CliFailure(ExitCode.Failed, $"the mark of {unit.Device} was refused", answer.Reason);
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();

    private async Task SendAsync(int cycle, CancellationToken cancellation)
    {
        var answer = await client.SendTelemetryAsync(At(cycle).ToUnixTimeMilliseconds(), properties, unit.Rows[cycle - 1], cancellation);
        count.Add(credential.Id, answer.Stored);
    }
}
