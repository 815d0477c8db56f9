namespace Pilotage.Server.Fabric.Findings;

/// <summary>A device whose series are watched, and where they stand.</summary>
internal sealed class WatchedDevice(TenantId tenant, DeviceId id)
{
    // More lists of names than this are found one by one.
    private const int LayoutsMax = 32;
    private readonly List<WatchedLayout> _layouts = [];

    public TenantId Tenant => tenant;

    public DeviceId Id => id;

    /// <summary>Places of its series by property; below 0 of one that is not watched.</summary>
    public Dictionary<string, int> Slots { get; } = new(StringComparer.Ordinal);

    /// <summary>When it was seen last, counted in batches.</summary>
    public long SeenAt { get; set; }

    /// <summary>As of which descriptions its bounds are.</summary>
    public long DescribedAt { get; set; }

    /// <summary>The places for a list of names that came before, or null.</summary>
    public WatchedLayout? Find(ReadOnlySpan<string> properties, string[]? list)
    {
        foreach (var layout in _layouts)
        {
            if (ReferenceEquals(layout.List, list) || properties.SequenceEqual(layout.List))
            {
                return layout;
            }
        }

        return null;
    }

    public WatchedLayout Add(ReadOnlySpan<string> properties, string[]? list, int[] slots)
    {
        var layout = new WatchedLayout(this, list ?? properties.ToArray(), slots);
        if (_layouts.Count == LayoutsMax)
        {
            _layouts.RemoveAt(0);
        }

        _layouts.Add(layout);
        return layout;
    }

    /// <summary>Makes room for series that were not watched before.</summary>
    public void ForgetLayouts() => _layouts.Clear();
}

/// <summary>The series that come together in a row of a device.</summary>
internal sealed record WatchedLayout(WatchedDevice Device, string[] List, int[] Slots);
