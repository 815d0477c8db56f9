using System.Globalization;
using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;

namespace Pilotage.Simulation.Gateway;

/// <summary>
/// Sessions, wills, waiting and retained messages with lives of their own, restarts and power cuts, under a wall clock that
/// jumps. What must be there is reckoned by true time alone.
/// </summary>
internal sealed class ClockStory
{
    private const int Clients = 4;
    private const int Steps = 70;
    private static readonly uint[] SessionLives = [30, 600, 3600, 86_400];
    private static readonly uint[] MessageLives = [10, 100, 1000, 40_000];
    private static readonly TimeSpan RestoredWillDelay = TimeSpan.FromSeconds(30);

    // A restart may misjudge by what the log calls drift, each one anew.
    private static readonly TimeSpan RestartDrift = TimeSpan.FromSeconds(5);
    private readonly Random _random;
    private readonly ExchangeRig _rig = new(new() { CompactAfterBytes = 600 });
    private readonly WallClock _wall;
    private readonly Client[] _clients;
    private readonly Dictionary<string, Life> _retained = [];
    private int _published;

    public ClockStory(int seed)
    {
        _random = new(seed);
        _wall = new(_rig.Time, _random);
        _clients = [.. Enumerable.Range(0, Clients).Select(i => new Client($"c{i}"))];
    }

    public List<string> Violations { get; } = [];

    public int Jumps => _wall.Jumps;

    public int Restarts { get; private set; }

    /// <summary>Lives of messages, sessions and wills that were compared with the truth.</summary>
    public int Judged { get; private set; }

    private TimeSpan True => _rig.Time.GetElapsedTime(0);

    private TimeSpan Tolerance => Restarts * RestartDrift;

    public async Task RunAsync()
    {
        foreach (var client in _clients)
        {
            await ConnectAsync(client);
        }

        for (var step = 0; step < Steps && Violations.Count == 0; step++)
        {
            await StepAsync();
        }

        await EndAsync();
    }

    private async Task StepAsync()
    {
        var client = _clients[_random.Next(Clients)];
        switch (_random.Next(12))
        {
            case 0 or 1:
                _wall.Disturb();
                Sweep();
                break;
            case 2 or 3 or 4:
                await PublishAsync();
                break;
            case 5 or 6:
                Pass(TimeSpan.FromSeconds(_random.Next(1, 40)));
                break;
            case 7:
                Pass(TimeSpan.FromSeconds(_random.Next(40, 5000)));
                break;
            case 8 or 9:
                await (client.Link is null ? ConnectAsync(client) : LeaveAsync(client));
                break;
            case 10:
                await RestartAsync();
                break;
            default:
                CheckRetained();
                break;
        }
    }

    /// <summary>True time passes; the sweep comes by as it does, and once more exactly at the end.</summary>
    private void Pass(TimeSpan by)
    {
        for (var left = by; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(4))
        {
            _wall.Advance(left < TimeSpan.FromSeconds(4) ? left : TimeSpan.FromSeconds(4));
            Sweep();
        }
    }

    private void Sweep()
    {
        _rig.Exchange.Sweep();
        foreach (var will in _rig.Exchange.TakeDueWills())
        {
            var client = _clients.Single(one => one.Id == will.Who.ClientId);
            Judged++;
            Check(client.WillDue is { } due && True >= due - Tolerance, $"the will of {client.Id} came at {True}, due at {client.WillDue}");
            client.WillDue = null;
        }

        foreach (var client in _clients)
        {
            // Twice the step of Pass: the sweep before may have been just too early.
            Check(client.WillDue is not { } due || True < due + Tolerance + TimeSpan.FromSeconds(8), $"the will of {client.Id} is stuck since {client.WillDue}");
        }
    }

    private async Task PublishAsync()
    {
        var number = ++_published;
        uint? expiry = _random.Next(3) == 0 ? null : MessageLives[_random.Next(MessageLives.Length)];
        var retain = _random.Next(3) == 0;
        var text = number.ToString(CultureInfo.InvariantCulture);
        var topic = retain ? $"r/{_random.Next(6)}" : "m";
        var life = new Life(text, True, expiry);
        Check(await _rig.PublishAsync(topic, text, retain: retain, expiry: expiry) == MqttReason.Success, "a message was refused");
        if (retain)
        {
            _retained[topic] = life;
            return;
        }

        foreach (var client in _clients)
        {
            client.Owed.Add(life);
        }

        _clients.Where(client => client.Link is not null).ToList().ForEach(Drain);
    }

    private async Task ConnectAsync(Client client)
    {
        var wasAway = client.AwaySince is { } since ? True - since : TimeSpan.Zero;
        var left = client.Expiry - wasAway;
        client.Link = new(window: 50);
        client.Expiry = TimeSpan.FromSeconds(SessionLives[_random.Next(SessionLives.Length)]);
        client.WillDelay = (uint)_random.Next(1, 120);
        var will = new WillMessage(new() { Topic = "w", Payload = "w"u8.ToArray(), Qos = 1 }, client.WillDelay);
        var attachment = await _rig.AttachAsync(client.Id, client.Link, (uint)client.Expiry.TotalSeconds, will: will);
        if (client.AwaySince is not null)
        {
            Judged++;
            Check(attachment.Present || left <= Tolerance, $"the session of {client.Id} is gone {left} too early");
            Check(!attachment.Present || left > -Tolerance, $"the session of {client.Id} is there {-left} too late");
        }

        client.Session = attachment.Session;
        client.AwaySince = null;
        Sweep();
        client.WillDue = null;
        if (!attachment.Present)
        {
            client.Owed.Clear();
            await _rig.SubscribeAsync(client.Session, "m");
        }

        Drain(client);
    }

    private Task LeaveAsync(Client client)
    {
        var keepsWill = _random.Next(2) == 0;
        _rig.Exchange.Detach(client.Session!, client.Link!, keepsWill, null);
        client.Link = null;
        client.AwaySince = True;
        var delay = TimeSpan.FromSeconds(client.WillDelay);
        client.WillDue = keepsWill ? True + (delay < client.Expiry ? delay : client.Expiry) : null;
        return Task.CompletedTask;
    }

    /// <summary>Takes everything that comes, and acknowledges it; what did not come must have expired.</summary>
    private void Drain(Client client)
    {
        var link = client.Link!;
        _rig.Exchange.Pump(client.Session!, link);
        for (var i = 0; i < link.Got.Count; i++)
        {
            _rig.Exchange.Acknowledge(client.Session!, link, link.Got[i].PacketId);
        }

        var got = link.Texts.ToHashSet();
        link.Got.Clear();
        foreach (var life in client.Owed)
        {
            Judge(life, got.Contains(life.Text), $"{life.Text} to {client.Id}");
        }

        Check(got.IsSubsetOf(client.Owed.Select(life => life.Text)), $"{client.Id} got what it was not owed");
        client.Owed.Clear();
    }

    private void CheckRetained()
    {
        if (_clients.FirstOrDefault(client => client.Session is not null) is not { } asking)
        {
            return;
        }

        var found = _rig.Exchange.RetainedFor(asking.Session!, "r/#").ToDictionary(
            stored => stored.Topic, stored => global::System.Text.Encoding.UTF8.GetString(stored.Payload));
        foreach (var (topic, life) in _retained.ToList())
        {
            var isThere = found.Remove(topic, out var text) && text == life.Text;
            Judge(life, isThere, $"retained {topic}");
            if (!isThere)
            {
                _retained.Remove(topic);
            }
        }

        Check(found.Count == 0, "a retained message that had gone is back");
    }

    private void Judge(Life life, bool isThere, string what)
    {
        Judged++;
        var left = life.Left(True);
        Check(isThere || left <= Tolerance, $"{what} is lost, {left} before its time");
        Check(!isThere || left > -Tolerance, $"{what} came {-left} after its time");
    }

    private async Task RestartAsync()
    {
        // The log learns of the clock at a sweep, and a crash may come before that one is durable: the next one is not judged.
        Sweep();
        Restarts++;
        if (_random.Next(2) == 0)
        {
            await _rig.Exchange.CompactAsync();
        }

        // While nothing runs there is nothing but the wall clock to tell how long that was.
        var downtime = _wall.IsFrozen ? TimeSpan.Zero : TimeSpan.FromSeconds(_random.Next(120));
        foreach (var client in _clients.Where(client => client.Link is not null))
        {
            client.Link = null;
            client.AwaySince = True + downtime;
            var delay = TimeSpan.FromSeconds(client.WillDelay);
            client.WillDue = True + downtime + Shortest(Longest(delay, RestoredWillDelay), client.Expiry);
        }

        foreach (var client in _clients.Where(client => client is { WillDue: not null } && client.AwaySince <= True))
        {
            var left = client.AwaySince!.Value + TimeSpan.FromSeconds(client.WillDelay) - True - downtime;
            client.WillDue = Shortest(True + downtime + Longest(left, RestoredWillDelay), client.AwaySince.Value + client.Expiry);
        }

        _wall.Advance(downtime);
        await (_random.Next(2) == 0 ? _rig.RestartAsync() : CutAsync());
        Sweep();
    }

    private Task CutAsync()
    {
        _rig.PowerCut();
        return Task.CompletedTask;
    }

    /// <summary>Liveness: with time enough everything has ended that ends, and nothing goes round and round.</summary>
    private async Task EndAsync()
    {
        foreach (var client in _clients.Where(client => client.Link is not null))
        {
            await LeaveAsync(client);
        }

        var writes = _rig.Disk.Writes;
        for (var i = 0; i < 1200; i++)
        {
            _wall.Advance(TimeSpan.FromMilliseconds(500));
            Sweep();
        }

        // A clock that stands still is noted every five seconds; four sessions and wills end.
        var most = 2 * ((600 / 5) + (4 * Clients)) + 20;
        Check(_rig.Disk.Writes - writes <= most, $"{_rig.Disk.Writes - writes} writes in ten quiet minutes");
        _wall.Advance(TimeSpan.FromDays(2));
        Sweep();
        Check(_rig.Exchange.Clients().Count == 0, "a session does not end");
        Check(_clients.All(client => client.WillDue is null), "a will is stuck");
    }

    private void Check(bool holds, string what)
    {
        if (!holds)
        {
            Violations.Add(what);
        }
    }

    private static TimeSpan Longest(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private static TimeSpan Shortest(TimeSpan left, TimeSpan right) => left < right ? left : right;

    /// <summary>One message's life by true time.</summary>
    private sealed record Life(string Text, TimeSpan Since, uint? ExpirySeconds)
    {
        public TimeSpan Left(TimeSpan now) => ExpirySeconds is { } seconds ? Since + TimeSpan.FromSeconds(seconds) - now : TimeSpan.MaxValue;
    }

    private sealed class Client(string id)
    {
        public string Id { get; } = id;

        public FakeLink? Link { get; set; }

        public Session? Session { get; set; }

        public TimeSpan Expiry { get; set; }

        public TimeSpan? AwaySince { get; set; }

        public uint WillDelay { get; set; }

        public TimeSpan? WillDue { get; set; }

        public List<Life> Owed { get; } = [];
    }
}
