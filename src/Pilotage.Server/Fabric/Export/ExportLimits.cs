using System.Diagnostics.Metrics;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Export;

/// <summary>How many exports run at once, and how wide each may be.</summary>
internal sealed class ExportLimits(ServerOptions options, IMeterFactory meters) : Turnstile(
    meters,
    TurnstileCounter.OfResults("pilotage.query.exports", "{export}", "Exports of series, by result: done, refused (a parameter, or too many at once), gone (whoever asked did not wait for the end)."),
    options.ExportsMax,
    new("fabric.export.too_many", $"{options.ExportsMax} exports are running already; ask again when one has ended."))
{
    /// <summary>Devices of one export.</summary>
    public const int DevicesMax = 10_000;

    /// <summary>Columns beside device and time: what an import takes back.</summary>
    public const int ColumnsMax = 1_024;
}
