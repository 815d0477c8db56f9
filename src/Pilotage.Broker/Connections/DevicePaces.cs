using Pilotage.Core;

namespace Pilotage.Broker.Connections;

/// <summary>
/// How fast each device publishes, over all its connections: a device with several client identifiers has one share.
/// </summary>
internal sealed class DevicePaces(BrokerOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(TenantId Tenant, DeviceId Device), DevicePace> _paces = [];

    /// <summary>How many devices are kept in mind.</summary>
    public int Remembered
    {
        get
        {
            lock (_gate)
            {
                return _paces.Count;
            }
        }
    }

    /// <summary>A connection of the device comes in; to be given up by <see cref="Leave"/>.</summary>
    public DevicePace Join(TenantId tenant, DeviceId device)
    {
        lock (_gate)
        {
            if (!_paces.TryGetValue((tenant, device), out var pace))
            {
                _paces.Add((tenant, device), pace = new(options, time));
            }

            pace.Connections++;
            return pace;
        }
    }

    /// <summary>A connection of the device is gone.</summary>
    public void Leave(DevicePace pace)
    {
        lock (_gate)
        {
            pace.Connections--;
        }
    }

    /// <summary>
    /// Forgets the devices that have no connection and owe nothing: coming back at once earns no second burst. What is
    /// remembered is bounded by the connections there are and were a few seconds ago.
    /// </summary>
    public void Sweep()
    {
        lock (_gate)
        {
            foreach (var (device, pace) in _paces)
            {
                if (pace.Connections == 0 && pace.IsAtRest)
                {
                    _paces.Remove(device);
                }
            }
        }
    }
}
