using System.Net;
using Pilotage.Broker;
using Pilotage.Broker.Connections;
using Pilotage.Core;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>Who may begin a connection: one below the limit, at it, and one past it.</summary>
public sealed class AdmissionTests
{
    private static readonly IPAddress Here = IPAddress.Parse("192.0.2.7");
    private readonly ManualTime _time = new();

    [Fact]
    public void A_pace_lets_its_burst_through_and_then_one_at_a_time()
    {
        var pace = default(Pace);
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(TimeSpan.Zero, pace.Count(_time, 50, 200));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(20), pace.Count(_time, 50, 200));
        Assert.Equal(TimeSpan.FromMilliseconds(40), pace.Count(_time, 50, 200));
        _time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 48; i++)
        {
            Assert.Equal(TimeSpan.Zero, pace.Count(_time, 50, 200));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(20), pace.Count(_time, 50, 200));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(pace.IsAtRest(_time));
    }

    [Fact]
    public void Half_open_connections_of_one_address_are_bounded_and_others_are_not_held_up()
    {
        var admission = new Admission(new BrokerOptions { HalfOpenPerAddressMax = 3 }, _time);
        var entries = Enumerable.Range(0, 3).Select(_ => admission.TryBegin(Here)).ToList();
        Assert.All(entries, Assert.NotNull);
        Assert.Null(admission.TryBegin(Here));
        Assert.NotNull(admission.TryBegin(IPAddress.Parse("192.0.2.8")));
        Assert.NotNull(admission.TryBegin(null));

        // However often one ends, it frees one place.
        entries[0]!.Dispose();
        entries[0]!.Dispose();
        Assert.NotNull(admission.TryBegin(Here));
        Assert.Null(admission.TryBegin(Here));
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7", true)]
    [InlineData("::ffff:192.0.2.7", "::ffff:192.0.2.8", false)]
    public void One_network_of_ipv6_counts_as_one_address(string first, string second, bool same)
    {
        var admission = new Admission(new BrokerOptions { HalfOpenPerAddressMax = 1 }, _time);
        Assert.NotNull(admission.TryBegin(IPAddress.Parse(first)));
        Assert.Equal(same, admission.TryBegin(IPAddress.Parse(second)) is null);
    }

    [Fact]
    public void Who_fails_too_often_is_not_heard_for_a_moment()
    {
        var admission = new Admission(new BrokerOptions { FailedConnectsPerSecondMax = 4 }, _time);
        for (var i = 0; i < 3; i++)
        {
            admission.Failed(Here);
        }

        Assert.Equal(TimeSpan.Zero, admission.Barred(Here));
        admission.Failed(Here);
        Assert.Equal(TimeSpan.FromMilliseconds(250), admission.Barred(Here));
        Assert.Null(admission.TryBegin(Here));
        Assert.Equal(TimeSpan.Zero, admission.Barred(IPAddress.Parse("192.0.2.8")));

        _time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal(TimeSpan.Zero, admission.Barred(Here));
        Assert.NotNull(admission.TryBegin(Here));
    }

    [Fact]
    public void Clients_of_a_tenant_take_turns_and_whose_turn_is_too_far_off_is_told_so()
    {
        var admission = new Admission(new BrokerOptions { ConnectsPerSecond = 10, ConnectWaitMax = TimeSpan.FromSeconds(2) }, _time);
        var acme = new TenantId("acme");
        Assert.All(Enumerable.Range(0, 10).Select(_ => admission.Turn(acme)), wait => Assert.Equal(TimeSpan.Zero, wait));
        Assert.All(Enumerable.Range(1, 20).Select(n => (n, admission.Turn(acme))), turn => Assert.Equal(TimeSpan.FromMilliseconds(100 * turn.n), turn.Item2));
        Assert.Null(admission.Turn(acme));
        Assert.Equal(TimeSpan.Zero, admission.Turn(new TenantId("other")));

        // Those who were sent away took nobody's place.
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(TimeSpan.FromSeconds(2), admission.Turn(acme));
    }

    [Fact]
    public void Nobody_is_remembered_who_owes_nothing()
    {
        var admission = new Admission(new BrokerOptions { HalfOpenPerAddressMax = 1, ConnectsPerSecond = 1, ConnectWaitMax = TimeSpan.FromSeconds(1) }, _time);
        var entry = admission.TryBegin(Here);
        admission.Failed(IPAddress.Parse("192.0.2.9"));
        Assert.NotNull(admission.Turn(new TenantId("acme")));
        Assert.Equal((2, 1), admission.Remembered);

        _time.Advance(TimeSpan.FromSeconds(2));
        admission.Sweep();
        Assert.Equal((1, 0), admission.Remembered);
        Assert.Null(admission.TryBegin(Here));

        entry!.Dispose();
        admission.Sweep();
        Assert.Equal((0, 0), admission.Remembered);
    }
}
