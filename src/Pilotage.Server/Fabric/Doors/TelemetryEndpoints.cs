using Microsoft.AspNetCore.Http;
using Pilotage.Core.Contracts;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>Telemetry of a device over HTTP, in every form that its topic takes; stored whole or not at all.</summary>
internal static class TelemetryEndpoints
{
    /// <summary>What was stored: rows (times) and values in them; and values that a contract keeps apart.</summary>
    internal sealed record StoredView(string Device, int Rows, int Values, int Held);

    public static async Task<IResult> PostAsync(
        string id,
        HttpRequest request,
        Principal who,
        IFleet fleet,
        Ingestion ingestion,
        DoorLimits limits,
        DiskRoom room,
        ServerOptions options,
        TimeProvider time,
        CancellationToken cancellation)
    {
        if (!DoorRights.DeviceFor(who, fleet, id).TryGet(out var device, out var refusal))
        {
            return refusal.ToHttp();
        }

        if (TelemetryForms.Of(request.ContentType) is not { } form)
        {
            return new Refusal("fabric.telemetry.media_type", $"The body is of a type that nobody reads here; send {TelemetryForms.Known}.").ToHttp();
        }

        if (!limits.Enter(who).TryGet(out var place, out refusal))
        {
            request.HttpContext.Response.Headers.RetryAfter = $"{DoorLimits.RetrySeconds}";
            return refusal.ToHttp();
        }

        using (place)
        {
            if (room.State == RoomState.Out)
            {
                return new Refusal("server.storage_full", $"Nothing was stored: {room.Words()}.").ToHttp();
            }

            var receivedNs = time.NowNs();
            var body = await DoorBody.ReadAsync(request, options, limits, cancellation);
            var read = body.Then(payload => Read(device, form, payload, receivedNs)).Then(message => Fitting(ingestion.Fit(message)));
            if (!read.TryGet(out var message, out refusal))
            {
                return refusal.ToHttp();
            }

            await ingestion.StoreAsync([message]);
            return TypedResults.Ok(new StoredView(device.Id.Value, message.Rows.Count, message.Rows.Sum(row => row.Properties.Length), message.Held.Count));
        }
    }

    private static Outcome<DecodedMessage> Fitting(DecodedMessage message) => message.Rejected is { } rejected ? rejected : message.Fault is { } misfit
        ? new Refusal("fabric.telemetry.misfit", $"Nothing was stored, because a part does not fit its series: {misfit}.")
        : message;

    private static Outcome<DecodedMessage> Read(Device device, TelemetryForm form, ReadOnlyMemory<byte> payload, long receivedNs)
    {
        var faults = new ReadingFaults();
        var rows = TelemetryForms.Read(form, payload, receivedNs, faults);
        return faults.Count > 0
            ? new Refusal("fabric.telemetry.malformed", $"Nothing was stored, because a part could not be: {faults.Words()}.") { Details = faults.Kept }
            : DecodedMessage.OfRows(
                device, new IngestMessage(TopicPath.Of(device.Path, TopicClass.Telemetry), payload, [], receivedNs, receivedNs, null), rows);
    }
}
