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
    private readonly Dictionary<string, IReadOnlyList<JsonNode?>> _described = new(StringComparer.Ordinal);
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
            var device = await api.GetAsync(address, cancellation);
            var id = device?["id"]?.GetValue<string>() ?? name;
            if (!_batches.TryGetValue(id, out var batch))
            {
                var series = ResultWriter.Rows(await api.GetAsync($"api/v1/devices/{Uri.EscapeDataString(id)}/series", cancellation));
                var properties = device?["thing"] is { } thing ? await DescribedAsync(thing.GetValue<string>(), cancellation) : [];
                var kinds = plan.Values.Select(column => (Held: Held(column, series), Described: Described(column, properties))).ToList();
                batch = new ImportBatch(id, [.. kinds.Zip(plan.Values, (kind, column) => kind.Held ?? kind.Described ?? column.Kind)], [.. kinds.Select(kind => kind.Held is null && kind.Described is not null)]);
                _batches.Add(id, batch);
            }

            return batch;
        }
        catch (CliFailure failure) when (failure.ExitCode == ExitCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>The properties of a thing type; none where nobody described it, or this user may not read that.</summary>
    private async Task<IReadOnlyList<JsonNode?>> DescribedAsync(string thing, CancellationToken cancellation)
    {
        if (!_described.TryGetValue(thing, out var properties))
        {
            try
            {
                properties = ResultWriter.Rows((await api.GetAsync($"api/v1/things/{Uri.EscapeDataString(thing)}", cancellation))?["properties"]);
            }
            catch (CliFailure failure) when (failure.ExitCode is ExitCode.NotFound or ExitCode.NotAllowed)
            {
                properties = [];
            }

            _described.Add(thing, properties);
        }

        return properties;
    }

    /// <summary>What a series holds already decides.</summary>
    private static ColumnKind? Held(ColumnPlan column, IReadOnlyList<JsonNode?> series) => Of(column, series)?["kind"]?.GetValue<string>() switch
    {
        "number" => ColumnKind.Number,
        "whole" => ColumnKind.Whole,
        "truth" => ColumnKind.Truth,
        "text" => ColumnKind.Text,
        "json" => ColumnKind.None,
        _ => null,
    };

    /// <summary>Of a series that holds nothing yet, what the thing type says of the property.</summary>
    private static ColumnKind? Described(ColumnPlan column, IReadOnlyList<JsonNode?> properties) => Of(column, properties)?["type"]?.GetValue<string>() switch
    {
        "number" or "integer" => ColumnKind.Number,
        "boolean" => ColumnKind.Truth,
        "string" => ColumnKind.Text,
        _ => null,
    };

    private static JsonNode? Of(ColumnPlan column, IReadOnlyList<JsonNode?> rows) => rows.FirstOrDefault(one => one?["property"]?.GetValue<string>() == column.Property);
}
