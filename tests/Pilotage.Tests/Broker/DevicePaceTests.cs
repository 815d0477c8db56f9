using Pilotage.Broker;
using Pilotage.Broker.Connections;
using Pilotage.Core;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>The rate of a device over all its connections: at its burst, one past it, and what is kept in mind.</summary>
public sealed class DevicePaceTests
{
    private static readonly TenantId Acme = new("acme");
    private static readonly DeviceId Pump = new("pump-1");
    private readonly ManualTime _time = new();
    private readonly DevicePaces _paces;

    public DevicePaceTests() => _paces = new(new BrokerOptions { PublishesPerSecond = 10, PublishBurst = 4 }, _time);

    [Fact]
    public void Connections_of_one_device_share_its_burst_and_its_rate()
    {
        var (first, second) = (_paces.Join(Acme, Pump), _paces.Join(Acme, Pump));
        Assert.All([first.Count(), second.Count(), first.Count(), second.Count()], wait => Assert.Equal(TimeSpan.Zero, wait));
        Assert.Equal(TimeSpan.FromMilliseconds(100), first.Count());
        Assert.Equal(TimeSpan.FromMilliseconds(200), second.Count());

        // Neither another device nor one of that name at another tenant's.
        Assert.Equal(TimeSpan.Zero, _paces.Join(Acme, new("pump-2")).Count());
        Assert.Equal(TimeSpan.Zero, _paces.Join(new("other"), Pump).Count());
    }

    [Fact]
    public void Coming_back_at_once_earns_no_second_burst()
    {
        var pace = _paces.Join(Acme, Pump);
        for (var i = 0; i < 4; i++)
        {
            pace.Count();
        }

        _paces.Leave(pace);
        _paces.Sweep();
        Assert.Equal(TimeSpan.FromMilliseconds(100), _paces.Join(Acme, Pump).Count());
    }

    [Fact]
    public void A_device_is_forgotten_when_its_last_connection_is_gone_and_it_owes_nothing()
    {
        var (first, second) = (_paces.Join(Acme, Pump), _paces.Join(Acme, Pump));
        first.Count();
        _paces.Leave(first);
        _time.Advance(TimeSpan.FromSeconds(1));
        _paces.Sweep();
        Assert.Equal(1, _paces.Remembered);

        second.Count();
        _paces.Leave(second);
        _paces.Sweep();
        Assert.Equal(1, _paces.Remembered);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        _paces.Sweep();
        Assert.Equal(0, _paces.Remembered);
    }
}
