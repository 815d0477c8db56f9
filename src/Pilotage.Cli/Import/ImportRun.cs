using System.Globalization;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Import;

/// <summary>Reads a file by its plan, and sends what it holds in requests of a size that every server takes.</summary>
internal sealed class ImportRun(ImportPlan plan, CliSession session, ApiClient api, WrongRows wrong)
{
    // Far below what a server takes by default (8 MiB), and enough that the way there and back does not count.
    private const int RequestBytes = 1024 * 1024;

    // What waits of all devices together: then the fullest goes.
    private const int WaitingBytesMax = 16 * RequestBytes;
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(2);
    private readonly ImportDevices _devices = new(api, plan);
    private readonly ImportSender _sender = new(api, session.Time, wrong);
    private long _told = session.Time.GetTimestamp();
    private long _read;
    private int _waitingBytes;

    public long Stored => _sender.Rows;

    public long Values => _sender.Values;

    public long Held => _sender.Held;

    /// <summary>Rows without a value in any column.</summary>
    public long EmptyRows { get; private set; }

    /// <summary>Reads the file to its end.</summary>
    /// <param name="isTrial">Nothing is sent.</param>
    /// <param name="cancellation">What is sent until then is stored.</param>
    public async Task ReadAsync(bool isTrial, CancellationToken cancellation)
    {
        using var file = ImportFile.Open(session.WorkingDirectory, plan.File, plan.Delimiter, wrong);
        using var row = new ImportRow(plan, wrong);
        file.ReadHeader();
        while (file.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            await TakeAsync(file, row, isTrial, cancellation);
            if (++_read % 1_000 == 0)
            {
                Tell(file.Share, isTrial);
            }
        }

        foreach (var batch in _devices.Batches)
        {
            await SendAsync(batch, cancellation);
        }
    }

    private async ValueTask TakeAsync(ImportFile file, ImportRow row, bool isTrial, CancellationToken cancellation)
    {
        var name = plan.Device ?? file.Rows.GetString(plan.DeviceColumn!.Value);
        if (await _devices.OfAsync(name, cancellation) is not { } batch)
        {
            wrong.Row(file.Rows.LineNumber, $"there is no device '{(name.Length <= 60 ? name : name[..60] + "…")}'", plan.DeviceColumn is { } place ? plan.Columns[place].Name : null);
            return;
        }

        var wrongBefore = wrong.Rows + wrong.Cells;
        if (row.Read(file.Rows, batch.Kinds) is not { } json)
        {
            EmptyRows += wrong.Rows + wrong.Cells == wrongBefore ? 1 : 0;
            return;
        }

        if (isTrial)
        {
            return;
        }

        batch.Add(new ImportLine(file.Rows.LineNumber, json));
        _waitingBytes += json.Length;
        if (batch.Bytes >= RequestBytes)
        {
            await SendAsync(batch, cancellation);
        }
        else if (_waitingBytes >= WaitingBytesMax)
        {
            await SendAsync(_devices.Batches.MaxBy(each => each.Bytes)!, cancellation);
        }
    }

    private Task SendAsync(ImportBatch batch, CancellationToken cancellation)
    {
        _waitingBytes -= batch.Bytes;
        return _sender.SendAsync(batch.Device, batch.Take(), cancellation);
    }

    private void Tell(double share, bool isTrial)
    {
        if (session.Time.GetElapsedTime(_told) >= TellEvery)
        {
            _told = session.Time.GetTimestamp();
            session.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{share,4:P0}  {_read:N0} rows read{(isTrial ? ", nothing is sent yet" : $", {Stored:N0} stored")}{(wrong.IsEmpty ? "" : $", {wrong.Rows:N0} rows and {wrong.Cells:N0} cells left out")}"));
        }
    }
}
