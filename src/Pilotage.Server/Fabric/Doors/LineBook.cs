using System.Diagnostics.CodeAnalysis;
using Pilotage.Protocols.LineProtocol;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>What bodies of one sender have taught, so that the next need not look it up again; one body uses it at a time.</summary>
internal sealed class LineBook(Principal who, long fleetVersion)
{
    /// <summary>Names of devices that are kept at most; many of them may be of none.</summary>
    private const int DevicesMax = 32_768;

    private readonly Dictionary<DeviceId, Target> _targets = [];

    public LineMemory Memory { get; } = new();

    /// <summary>The device of each name, or why nothing is taken for it.</summary>
    public Dictionary<string, Outcome<Device>> Devices { get; } = new(StringComparer.Ordinal);

    public Dictionary<LineSeries, KnownSeries> Series { get; } = new(ReferenceEqualityComparer.Instance);

    public Dictionary<(IReadOnlyList<string> Keys, string Before, string Behind), string[]?> Layouts { get; } = [];

    /// <summary>Counts the bodies.</summary>
    public int Body { get; set; }

    /// <summary>Whether it knows so much that it had better begin anew.</summary>
    public bool IsFull => Memory.IsFull || Devices.Count >= DevicesMax || Series.Count >= 2 * DevicesMax;

    /// <summary>Whether what it knows holds for a sender, and the fleet is as it was.</summary>
    public bool IsFor(Principal other, long version) => fleetVersion == version && who.Tenant == other.Tenant && who.Device == other.Device;

    public Target TargetOf(Device device)
    {
        if (!_targets.TryGetValue(device.Id, out var target))
        {
            _targets.Add(device.Id, target = new Target(device));
        }

        return target;
    }

    /// <summary>A device, and what was read of it in one body.</summary>
    internal sealed class Target(Device device)
    {
        private RowGathering? _rows;

        public Device Device => device;

        /// <summary>The body in which it was met last.</summary>
        public int Body { get; private set; } = -1;

        /// <summary>The latest time so far.</summary>
        public long LastNs { get; set; }

        /// <summary>Whether each value has to be looked at.</summary>
        public bool IsBound { get; private set; }

        /// <summary>Whether something of it went straight into a batch.</summary>
        public bool IsDirect { get; set; }

        public bool HasRows => _rows is not null;

        public RowGathering Rows => _rows ??= new RowGathering();

        /// <summary>Begins another body.</summary>
        public void Begin(int body, bool isBound) => (Body, LastNs, IsBound, IsDirect, _rows) = (body, long.MinValue, isBound, false, null);

        /// <summary>Lets go of what was read.</summary>
        public void End() => _rows = null;
    }

    /// <summary>What lines of one series have in common, and the names of the last of them.</summary>
    internal sealed class KnownSeries(Target target, string behind)
    {
        public Target Target => target;

        public string Behind => behind;

        public IReadOnlyList<string>? Keys { get; set; }

        public string[]? Properties { get; set; }

        /// <summary>What the series of these properties hold.</summary>
        public SeriesKind[]? Kinds { get; set; }

        /// <summary>Whether all of them are doubles.</summary>
        [MemberNotNullWhen(true, nameof(Kinds))]
        public bool IsOfNumbers { get; set; }
    }
}
