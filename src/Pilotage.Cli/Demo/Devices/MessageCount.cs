namespace Pilotage.Cli.Demo.Devices;

/// <summary>What the sending side knows: compared with what the store returns, at the end.</summary>
internal sealed class MessageCount
{
    private readonly Dictionary<string, (int Sent, int Acked)> _devices = new(StringComparer.Ordinal);

    public long Sent => Sum(one => one.Sent);

    public long Acked => Sum(one => one.Acked);

    public void Add(string device, bool acked)
    {
        lock (_devices)
        {
            var (sent, before) = _devices.GetValueOrDefault(device);
            _devices[device] = (sent + 1, before + (acked ? 1 : 0));
        }
    }

    public int AckedOf(string device)
    {
        lock (_devices)
        {
            return _devices.GetValueOrDefault(device).Acked;
        }
    }

    private long Sum(Func<(int Sent, int Acked), int> part)
    {
        lock (_devices)
        {
            return _devices.Values.Sum(one => (long)part(one));
        }
    }
}
