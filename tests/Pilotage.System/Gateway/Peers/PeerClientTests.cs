using System.Text;
using System.Threading.Channels;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Gateway.Peers;

/// <summary>Clients that others wrote, against the gateway: each by every way in that it speaks, in both versions.</summary>
public sealed class PeerClientTests(PeerRig rig) : IClassFixture<PeerRig>
{
    public static TheoryData<string, string, string> Everyone
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (var (peer, transports) in Peer.Transports)
            {
                foreach (var transport in transports)
                {
                    rows.Add(peer, transport, "5");
                    rows.Add(peer, transport, "3.1.1");
                }
            }

            return rows;
        }
    }

    public static TheoryData<string, string> EveryoneInV5
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var (peer, transports) in Peer.Transports)
            {
                foreach (var transport in transports)
                {
                    rows.Add(peer, transport);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public async Task Messages_of_every_QoS_pass_and_retained_ones_are_marked(string peer, string transport, string version)
    {
        var (client, topic, call) = Case("pass", peer, transport, version);
        await using var hears = await client.SubscribeAsync(call("subscribe", "ear") with { Topic = topic, Count = 3 });
        await using var own = await rig.OwnAsync(transport, $"{topic}/own", topic);

        await client.PublishAsync(call("publish", "mouth") with { Topic = topic, Payload = "21.5 °C", Qos = [0, 1, 2], Retain = true });

        for (var qos = 0; qos <= 2; qos++)
        {
            Assert.Equal(new(topic, "21.5 °C", qos, 0, "", "", "", ""), await Peer.NextMessageAsync(hears));
            var got = await own.NextAsync();
            Assert.Equal(("21.5 °C", qos, false), (Encoding.UTF8.GetString(got.Payload.Span), got.Qos, got.Retain));
        }

        // Who comes later gets the last one, and is told that it is not news.
        var late = await client.ReceiveAsync(call("subscribe", "late") with { Topic = topic, Count = 1 });
        Assert.Equal(new(topic, "21.5 °C", 2, 1, "", "", "", ""), Assert.Single(late));
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public async Task A_lasting_session_gets_what_it_missed_across_a_restart(string peer, string transport, string version)
    {
        var (client, topic, call) = Case("missed", peer, transport, version);
        var lasting = call("subscribe", "lasting") with { Topic = topic, Lasting = true };
        await client.ReceiveAsync(lasting with { Count = 0 });
        await using (var own = await rig.OwnAsync(transport, $"{topic}/own"))
        {
            await own.PublishAsync(topic, "before", qos: 1);
            await own.PublishAsync(topic, "before");
        }

        await rig.Broker.RestartAsync();
        await using (var own = await rig.OwnAsync(transport, $"{topic}/own"))
        {
            await own.PublishAsync(topic, "after");
        }

        var again = call("subscribe", "lasting") with { Topic = topic, Lasting = true, Count = 3 };
        Assert.Equal(
            [("before", 1), ("before", 2), ("after", 2)],
            (await client.ReceiveAsync(again)).Select(message => (message.Payload, message.Qos)));
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public async Task Two_members_of_a_share_get_each_message_once(string peer, string transport, string version)
    {
        const int Messages = 40;
        var (client, topic, call) = Case("share", peer, transport, version);
        var member = call("subscribe", "one") with { Topic = $"$share/{peer}/{topic}", Qos = [1] };
        await using var one = await client.SubscribeAsync(member);
        await using var two = await client.SubscribeAsync(member with { ClientId = $"{topic}/two" });
        await using var own = await rig.OwnAsync(transport, $"{topic}/own");
        for (var number = 0; number < Messages; number++)
        {
            await own.PublishAsync(topic, $"{number}", qos: 1);
        }

        // Each line as it comes, whoever writes it; with nothing left to hand out or to acknowledge there is no more to come.
        var lines = Channel.CreateUnbounded<(string Member, string Payload)>();
        var reading = Task.WhenAll(TellAsync("one", one, lines.Writer), TellAsync("two", two, lines.Writer));
        var heard = new List<(string Member, string Payload)>();
        while (heard.Count < Messages)
        {
            heard.Add(await lines.Reader.ReadAsync().AsTask().WaitAsync(Peer.Patience));
        }

        await UntilAsync(() => rig.Broker.Broker.Clients.Where(view => view.Identity.ClientId.StartsWith(topic, StringComparison.Ordinal)).All(view => view.Queued == 0));
        one.Kill();
        two.Kill();
        await reading;

        Assert.False(lines.Reader.TryPeek(out _));
        Assert.Equal(Enumerable.Range(0, Messages), heard.Select(line => int.Parse(line.Payload)).Order());
        Assert.Equal(["one", "two"], heard.Select(line => line.Member).Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public async Task The_will_of_one_that_is_cut_off_is_published(string peer, string transport, string version)
    {
        var (client, topic, call) = Case("will", peer, transport, version);
        await using var own = await rig.OwnAsync(transport, $"{topic}/own", $"{topic}/gone");
        await using var mortal = await client.SubscribeAsync(call("subscribe", "mortal") with { Topic = topic, Will = ($"{topic}/gone", "lost") });

        mortal.Kill();

        var will = await own.NextAsync();
        Assert.Equal(("lost", 1), (Encoding.UTF8.GetString(will.Payload.Span), will.Qos));
    }

    [Theory]
    [MemberData(nameof(EveryoneInV5))]
    public async Task Properties_pass_in_order(string peer, string transport)
    {
        var (client, topic, call) = Case("properties", peer, transport, "5");
        await using var hears = await client.SubscribeAsync(call("subscribe", "ear") with { Topic = topic, Count = 1 });
        await using var own = await rig.OwnAsync(transport, $"{topic}/own", topic);
        await client.PublishAsync(call("publish", "mouth") with
        {
            Topic = topic,
            Payload = "?",
            UserProperties = [("b", "1"), ("a", "2"), ("a", "3")],
            ResponseTopic = $"{topic}/answer",
            CorrelationData = "c-7",
            ExpirySeconds = 600,
        });

        var got = await Peer.NextMessageAsync(hears);
        Assert.Equal(("b:1 a:2 a:3", $"{topic}/answer", "c-7"), (got.User.Trim(), got.Response, got.Correlation));
        Assert.InRange(int.Parse(got.Expiry), 500, 600);
        var same = await own.NextAsync();
        Assert.Equal([("b", "1"), ("a", "2"), ("a", "3")], same.UserProperties);
        Assert.Equal(($"{topic}/answer", "c-7"), (same.ResponseTopic, Encoding.UTF8.GetString(same.CorrelationData.Span)));
        Assert.InRange(same.ExpirySeconds!.Value, 500u, 600u);
    }

    [Theory]
    [MemberData(nameof(EveryoneInV5))]
    public async Task One_that_is_not_let_in_hears_why(string peer, string transport)
    {
        var (client, topic, call) = Case("refused", peer, transport, "5");
        await using var run = client.Start(call("subscribe", "") with { ClientId = PeerListeners.Unwelcome, Topic = topic });

        var lines = await run.EndAsync().WaitAsync(Peer.Patience);

        Assert.NotEqual(0, run.ExitCode);

        // mosquitto_sub knows the code's name and keeps the broker's words to itself.
        var why = peer == "mosquitto" ? "Not authorized" : "refused 135 not on this line";
        Assert.Contains(why, string.Join('\n', lines.Append(run.Errors)), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("mosquitto")]
    [InlineData("mqttjs")]
    [InlineData("paho")]
    public async Task Without_a_certificate_none_comes_in_where_one_is_asked_for(string peer)
    {
        var (client, topic, call) = Case("bare", peer, "mutual", "5");
        var bare = call("subscribe", "bare") with { Topic = topic, Count = 0, Files = rig.Listeners.Files("tls") };
        await using var run = client.Start(bare);

        await run.EndAsync().WaitAsync(Peer.Patience);

        Assert.NotEqual(0, run.ExitCode);
        Assert.DoesNotContain(rig.Broker.Broker.Clients, view => view.Identity.ClientId == bare.ClientId);
    }

    private static async Task TellAsync(string member, ChildProcess run, ChannelWriter<(string, string)> lines)
    {
        await foreach (var message in Peer.MessagesAsync(run))
        {
            await lines.WriteAsync((member, message.Payload));
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private (Peer Client, string Topic, Func<string, string, PeerCall> Call) Case(string story, string peer, string transport, string version)
    {
        var topic = $"acme/{story}/{peer}-{transport}-{version}";
        return (Peer.Named(peer), topic, (mode, name) => rig.Call(mode, transport, version, $"{topic}/{name}"));
    }
}
