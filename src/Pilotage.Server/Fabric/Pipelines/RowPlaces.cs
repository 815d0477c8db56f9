using Pilotage.Server.Fleet.Contracts;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>Where values of stored rows stand in the rows of a pipeline: of which of its tables a device is, and which column a property has there.</summary>
internal sealed class RowPlaces(PipelinePlan plan, TenantId tenant, IFleet fleet)
{
    private readonly Dictionary<string, int>[] _columns =
        [.. plan.Sources.Select(thing => thing.Properties.Select((property, index) => (property.Name, index)).ToDictionary(pair => pair.Name, pair => pair.index, StringComparer.Ordinal))];

    private readonly bool[][] _isText = [.. plan.Sources.Select(thing => thing.Properties.Select(property => property.Type == ThingPropertyType.Text).ToArray())];
    private readonly double[][] _values = [.. plan.Sources.Select(thing => new double[thing.Properties.Count])];
    private readonly string?[][] _texts = [.. plan.Sources.Select(thing => new string?[thing.Properties.Count])];
    private readonly Dictionary<(int Source, string[] List), int[]> _known = new(ListComparer.Instance);
    private Dictionary<DeviceId, int> _sources = [];
    private long _fleetVersion = -1;

    /// <summary>Lists of names of which the places are remembered; a device that sends another list each time must not fill the memory.</summary>
    public const int KnownMax = 10_000;

    /// <summary>The properties that any table has, each once.</summary>
    public IReadOnlyList<string> Properties { get; } = [.. plan.Sources.SelectMany(thing => thing.Properties.Select(property => property.Name)).Distinct(StringComparer.Ordinal)];

    /// <summary>The devices of its tables now.</summary>
    public IReadOnlyCollection<DeviceId> Devices
    {
        get
        {
            Look();
            return _sources.Keys;
        }
    }

    /// <summary>Puts a row as it was stored in its place; -1 where no table has it, or none of its values.</summary>
    public int Place(RowReading row)
    {
        var source = row.Tenant == tenant ? SourceOf(row.Device) : -1;
        if (source < 0)
        {
            return -1;
        }

        var places = row.List is { } list ? PlacesOf(source, list) : null;
        var (values, texts) = Clear(source);
        var hasSome = false;
        for (var i = 0; i < row.Properties.Length; i++)
        {
            var place = places is null ? _columns[source].GetValueOrDefault(row.Properties[i], -1) : places[i];
            if (place < 0)
            {
                continue;
            }

            hasSome = true;
            if (_isText[source][place])
            {
                texts[place] = row.TextAt(i);
            }
            else
            {
                values[place] = row.NumberAt(i);
            }
        }

        return hasSome ? source : -1;
    }

    /// <summary>The same of a row that is replayed, with its values in the order of <see cref="Properties"/>.</summary>
    public int Place(ArrivedTypedRow row)
    {
        var source = SourceOf(row.Device);
        if (source < 0)
        {
            return -1;
        }

        var (values, texts) = Clear(source);
        var hasSome = false;
        for (var i = 0; i < row.Values.Length; i++)
        {
            if (row.Values[i] is { } value && _columns[source].TryGetValue(Properties[i], out var place))
            {
                hasSome = true;
                (values[place], texts[place]) = _isText[source][place] ? (double.NaN, value.Text) : (value.Number, null);
            }
        }

        return hasSome ? source : -1;
    }

    /// <summary>The row that was put in its place last.</summary>
    public ReadOnlySpan<double> Values(int source) => _values[source];

    /// <summary>Its texts.</summary>
    public ReadOnlySpan<string?> Texts(int source) => _texts[source];

    private (double[] Values, string?[] Texts) Clear(int source)
    {
        Array.Fill(_values[source], double.NaN);
        Array.Clear(_texts[source]);
        return (_values[source], _texts[source]);
    }

    private int SourceOf(DeviceId device)
    {
        Look();
        return _sources.GetValueOrDefault(device, -1);
    }

    private void Look()
    {
        if (fleet.Version == _fleetVersion)
        {
            return;
        }

        _fleetVersion = fleet.Version;
        _sources = plan.Sources
            .SelectMany((thing, source) => fleet.List(tenant, new DeviceQuery { Thing = thing.Name }).Select(device => (device.Id, source)))
            .ToDictionary(pair => pair.Id, pair => pair.source);
    }

    private int[] PlacesOf(int source, string[] list)
    {
        if (_known.TryGetValue((source, list), out var places))
        {
            return places;
        }

        if (_known.Count >= KnownMax)
        {
            _known.Clear();
        }

        return _known[(source, list)] = Array.ConvertAll(list, property => _columns[source].GetValueOrDefault(property, -1));
    }

    /// <summary>Lists are told apart by being another list: a message's layout is one for all its messages.</summary>
    private sealed class ListComparer : IEqualityComparer<(int Source, string[] List)>
    {
        public static ListComparer Instance { get; } = new();

        public bool Equals((int Source, string[] List) x, (int Source, string[] List) y) => x.Source == y.Source && ReferenceEquals(x.List, y.List);

        public int GetHashCode((int Source, string[] List) obj) => HashCode.Combine(obj.Source, System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(obj.List));
    }
}
