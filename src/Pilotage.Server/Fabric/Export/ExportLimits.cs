using System.Diagnostics.Metrics;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Export;

/// <summary>How many exports run at once; counts what became of them.</summary>
internal sealed class ExportLimits
{
    /// <summary>Devices of one export.</summary>
    public const int DevicesMax = 10_000;

    /// <summary>Columns beside device and time: what an import takes back.</summary>
    public const int ColumnsMax = 1_024;

    private readonly ServerOptions _options;
    private readonly Counter<long> _exports;
    private int _open;

    public ExportLimits(ServerOptions options, IMeterFactory meters)
    {
        _options = options;
        _exports = meters.Create("Pilotage.Server").CreateCounter<long>(
            "pilotage.query.exports", "{export}", "Exports of series, by result: done, refused (a parameter, or too many at once), gone (whoever asked did not wait for the end).");
        foreach (var result in (string[])["done", "refused", "gone"])
        {
            Count(0, result);
        }
    }

    /// <summary>Lets one in; whoever is let in leaves.</summary>
    public Outcome<ExportLimits> Enter()
    {
        if (Interlocked.Increment(ref _open) <= _options.ExportsMax)
        {
            return this;
        }

        Leave();
        return new Refusal("fabric.export.too_many", $"{_options.ExportsMax} exports are running already; ask again when one has ended.");
    }

    public void Leave() => Interlocked.Decrement(ref _open);

    public void Count(string result) => Count(1, result);

    private void Count(long exports, string result) => _exports.Add(exports, new KeyValuePair<string, object?>("result", result));
}
