using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Import;

/// <summary>The devices of a file, each asked for once: whether it is there, and what its series hold.</summary>
internal sealed class ImportDevices(ApiClient api, ImportPlan plan)
{
    // Names of devices that are not there are remembered too; a column that names none must not fill the memory.
    private const int KnownMax = 100_000;
    private readonly Dictionary<string, ImportBatch?> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ImportBatch> _batches = new(StringComparer.Ordinal);

    /// <summary>What waits of each device.</summary>
    public IReadOnlyCollection<ImportBatch> Batches => _batches.Values;

    /// <summary>The rows of a device; null where there is no such device.</summary>
    public async ValueTask<ImportBatch?> OfAsync(string name, CancellationToken cancellation)
    {
        if (_known.TryGetValue(name, out var known))
        {
            return known;
        }

        if (_known.Count == KnownMax)
        {
            throw new CliFailure(ExitCode.Refused, $"the file names more than {KnownMax} devices", null, "split it, or give the column of the devices with --device-column");
        }

        // "." and ".." would be taken out of the address.
        var batch = name.Length == 0 || name is "." or ".." ? null : await AskAsync(name, cancellation);
        _known.Add(name, batch);
        return batch;
    }

    private async Task<ImportBatch?> AskAsync(string name, CancellationToken cancellation)
    {
        try
        {
            // By whatever name a file calls it, a device has one id, and its rows wait in one place.
            var address = $"api/v1/devices/{Uri.EscapeDataString(name)}";
            var id = (await api.GetAsync(address, cancellation))?["id"]?.GetValue<string>() ?? name;
            if (!_batches.TryGetValue(id, out var batch))
            {
                var series = ResultWriter.Rows(await api.GetAsync($"api/v1/devices/{Uri.EscapeDataString(id)}/series", cancellation));
                _batches.Add(id, batch = new ImportBatch(id, [.. plan.Values.Select(column => KindOf(column, series))]));
            }

            return batch;
        }
        catch (CliFailure failure) when (failure.ExitCode == ExitCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>What a series holds already decides.</summary>
    private static ColumnKind KindOf(ColumnPlan column, IReadOnlyList<JsonNode?> series) =>
        series.FirstOrDefault(one => one?["property"]?.GetValue<string>() == column.Property)?["kind"]?.GetValue<string>() switch
        {
            "number" => ColumnKind.Number,
            "whole" => ColumnKind.Whole,
            "truth" => ColumnKind.Truth,
            "text" => ColumnKind.Text,
            "json" => ColumnKind.None,
            _ => column.Kind,
        };
}
