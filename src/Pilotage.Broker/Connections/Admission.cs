using System.Net;
using System.Runtime.InteropServices;
using Pilotage.Core;

namespace Pilotage.Broker.Connections;

/// <summary>Who may begin a connection now: what one address may leave half done and get wrong, and how fast a tenant's clients come in.</summary>
internal sealed class Admission(BrokerOptions options, TimeProvider time)
{
    private const int Ipv6NetworkBytes = 8;
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Manners> _addresses = [];
    private readonly Dictionary<TenantId, Pace> _tenants = [];

    /// <summary>How many addresses and tenants are kept in mind.</summary>
    public (int Addresses, int Tenants) Remembered
    {
        get
        {
            lock (_gate)
            {
                return (_addresses.Count, _tenants.Count);
            }
        }
    }

    /// <summary>A connection of that address begins; nothing when it may not. Whoever has no address is not counted.</summary>
    public HalfOpen? TryBegin(IPAddress? address) => TryBegin(address, out _);

    /// <summary>The same, and why it may not.</summary>
    public HalfOpen? TryBegin(IPAddress? address, out TurnAway cause)
    {
        cause = TurnAway.HalfOpen;
        if (address is null)
        {
            return HalfOpen.Uncounted;
        }

        var network = NetworkOf(address);
        lock (_gate)
        {
            ref var manners = ref CollectionsMarshal.GetValueRefOrAddDefault(_addresses, network, out _);
            if (Barred(manners) > TimeSpan.Zero)
            {
                cause = TurnAway.FailedConnects;
                return null;
            }

            if (manners.HalfOpen >= options.HalfOpenPerAddressMax)
            {
                return null;
            }

            manners.HalfOpen++;
        }

        return new(this, network);
    }

    /// <summary>Somebody at that address could not say who it is.</summary>
    public void Failed(IPAddress? address)
    {
        if (address is null || options.FailedConnectsPerSecondMax == 0)
        {
            return;
        }

        lock (_gate)
        {
            ref var manners = ref CollectionsMarshal.GetValueRefOrAddDefault(_addresses, NetworkOf(address), out _);
            manners.Failures.Count(time, options.FailedConnectsPerSecondMax, options.FailedConnectsPerSecondMax);
        }
    }

    /// <summary>How long an address that failed too often is not heard; zero for all others.</summary>
    public TimeSpan Barred(IPAddress? address)
    {
        lock (_gate)
        {
            return address is not null && _addresses.TryGetValue(NetworkOf(address), out var manners)
                ? Barred(manners)
                : TimeSpan.Zero;
        }
    }

    /// <summary>How long a client of that tenant waits for its turn; nothing when that would be too long.</summary>
    public TimeSpan? Turn(TenantId tenant)
    {
        if (options.ConnectsPerSecond == 0)
        {
            return TimeSpan.Zero;
        }

        lock (_gate)
        {
            ref var pace = ref CollectionsMarshal.GetValueRefOrAddDefault(_tenants, tenant, out _);
            return pace.Wait(time, options.ConnectsPerSecond, options.ConnectsPerSecond) <= options.ConnectWaitMax
                ? pace.Count(time, options.ConnectsPerSecond, options.ConnectsPerSecond)
                : null;
        }
    }

    /// <summary>Forgets those who owe nothing.</summary>
    public void Sweep()
    {
        lock (_gate)
        {
            foreach (var (address, manners) in _addresses)
            {
                if (manners.HalfOpen == 0 && manners.Failures.IsAtRest(time))
                {
                    _addresses.Remove(address);
                }
            }

            foreach (var (tenant, pace) in _tenants)
            {
                if (pace.IsAtRest(time))
                {
                    _tenants.Remove(tenant);
                }
            }
        }
    }

    private void End(IPAddress network)
    {
        lock (_gate)
        {
            ref var manners = ref CollectionsMarshal.GetValueRefOrNullRef(_addresses, network);
            manners.HalfOpen--;
        }
    }

    private TimeSpan Barred(in Manners manners) => options.FailedConnectsPerSecondMax == 0
        ? TimeSpan.Zero
        : manners.Failures.Wait(time, options.FailedConnectsPerSecondMax, options.FailedConnectsPerSecondMax);

    /// <summary>One customer has a whole /64 of IPv6 addresses.</summary>
    public static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var count) || count < bytes.Length)
        {
            return address;
        }

        bytes[Ipv6NetworkBytes..].Clear();
        return new(bytes);
    }

    private struct Manners
    {
        public int HalfOpen;
        public Pace Failures;
    }

    /// <summary>A connection that has not come in yet; disposed when it has, or is gone.</summary>
    public sealed class HalfOpen : IDisposable
    {
        private readonly IPAddress? _network;
        private Admission? _admission;

        public HalfOpen(Admission? admission, IPAddress? network) => (_admission, _network) = (admission, network);

        /// <summary>That of a peer without an address.</summary>
        public static HalfOpen Uncounted { get; } = new(null, null);

        public void Dispose() => Interlocked.Exchange(ref _admission, null)?.End(_network!);
    }
}
