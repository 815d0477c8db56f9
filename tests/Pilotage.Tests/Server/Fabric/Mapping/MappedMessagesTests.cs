using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Mapping;

/// <summary>Foreign messages in the store.</summary>
public sealed class MappedMessagesTests : IAsyncLifetime
{
    private const long NowNs = 1_767_225_600_000_000_000;
    private static readonly TenantId Acme = new("acme");
    private static readonly Principal Ada = new("ada", "Ada", Acme, [Roles.Admin], null);
    private readonly TestServerFolder _server = new();

    private IFleet Fleet => _server.Get<IFleet>();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_message_is_in_the_store_when_it_is_acknowledged_and_its_device_is_there()
    {
        var result = await SendAsync("f/press-1/temp", "21.5");

        Assert.Equal(new MappedResult(MappedFate.Stored, null), result);
        var device = Fleet.FindByPath(Acme, "acme/lyon/press-1")!;
        Assert.Equal(("press-1", "press", DeviceStatus.Declared), (device.Id.Value, device.Thing, device.Status));
        Assert.Equal([21.5], Points(device, "temp"));
    }

    [Fact]
    public async Task Order_is_kept_and_many_share_commits()
    {
        var table = Table();
        var all = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => _server.Get<MappedMessages>().StoreAsync(table, Message("f/press-1/temp", $"{i}") with { ReceivedNs = NowNs })));

        Assert.All(all, result => Assert.Equal(MappedFate.Stored, result.Fate));
        Assert.Equal([499.0], Points(Fleet.FindByPath(Acme, "acme/lyon/press-1")!, "temp"));
    }

    [Theory]
    [InlineData("g/press-1/temp", "1", "no rule of m takes the topic")]
    [InlineData("f//temp", "1", "is no path of a device")]
    [InlineData("f/_sys/temp", "1", "is no path of a device")]
    [InlineData("f/own/temp", "1", "own has a certificate of its own, and nobody else speaks for it")]
    [InlineData("f/gone/temp", "1", "gone was revoked, and nothing is taken for it")]
    [InlineData("f/gone/temp", "warm", "is neither a number nor true or false")]
    [InlineData("f/../temp", "1", "\"acme/lyon/..\" is no path of a device")]
    [InlineData("f/./temp", "1", "\"acme/lyon/.\" is no path of a device")]
    public async Task What_has_no_device_is_unmapped_with_the_reason_and_makes_none(string topic, string payload, string why)
    {
        Enrol("own");
        Enrol("gone");
        Fleet.Revoke(Acme, new DeviceId("gone"));
        var before = Fleet.Version;

        var result = await SendAsync(topic, payload);

        Assert.Equal(MappedFate.Unmapped, result.Fate);
        Assert.Contains(why, result.Why, StringComparison.Ordinal);
        Assert.Equal(before, Fleet.Version);
        Assert.All(Fleet.List(Acme, new DeviceQuery()), device => Assert.Empty(_server.Get<TimeSeriesStore>().Series(Acme, device.Id)));
    }

    [Fact]
    public async Task Devices_are_made_up_to_a_bound_and_not_at_all_where_the_rule_says_so()
    {
        var bounded = Table(head: "devices_max: 2\n");
        Assert.Equal(MappedFate.Stored, (await SendAsync("f/a/temp", "1", bounded)).Fate);
        Assert.Equal(MappedFate.Stored, (await SendAsync("f/b/temp", "1", bounded)).Fate);
        var third = await SendAsync("f/c/temp", "1", bounded);
        Assert.Equal((MappedFate.Unmapped, true), (third.Fate, third.Why!.Contains("there are 2 devices of the thing type press", StringComparison.Ordinal)));
        Assert.Equal(MappedFate.Stored, (await SendAsync("f/a/temp", "2", bounded)).Fate);

        var none = await SendAsync("f/d/temp", "1", Table("    create: false\n"));
        Assert.Contains("and the rule r makes none; declare it with: pilotage device enroll", none.Why, StringComparison.Ordinal);
        Assert.Equal(2, Fleet.List(Acme, new DeviceQuery()).Count);
    }

    [Fact]
    public async Task What_is_not_understood_of_a_known_device_is_kept_whole_and_the_rest_is_stored()
    {
        var table = Table(property: "");
        await SendAsync("f/press-1/temp", "{\"a\":1}", table);
        var part = await SendAsync("f/press-1/temp", "{\"a\":2,\"b\":[]}", table);
        var nothing = await SendAsync("f/press-1/temp", "{", table);
        var misfit = await SendAsync("f/press-1/temp", "{\"a\":\"word\"}", table);

        Assert.Equal([MappedFate.Kept, MappedFate.Kept, MappedFate.Kept], new[] { part.Fate, nothing.Fate, misfit.Fate });
        var device = Fleet.FindByPath(Acme, "acme/lyon/press-1")!;
        Assert.Equal([2.0], Points(device, "a"));
        Assert.Equal(["{\"a\":\"word\"}", "{", "{\"a\":2,\"b\":[]}"], _server.Get<EventStore>().Bad(Acme, device.Id, 10).Select(bad => Encoding.UTF8.GetString(bad.Payload.Span)));
    }

    [Theory]
    [InlineData("{tenant}/lyon/{/id}", "", "{", "not JSON")]
    [InlineData("{tenant}/lyon/{/id}", "", "{\"a\":1}", "device: /id is not in the payload")]
    [InlineData("{tenant}/lyon/{/id}", "    time: {field: /at}\n", "{\"id\":\"p1\",\"at\":\"yesterday\",\"a\":1}", "yesterday")]
    [InlineData("{tenant}/lyon/{machine}", "", "[]", "the list is empty")]
    public async Task What_nobody_can_read_and_whose_device_is_not_known_is_a_dead_letter_on_disk_as_the_preview_says(string device, string more, string payload, string why)
    {
        var table = Table(more, device: device, property: "");
        var outlook = _server.Get<MappingPreview>().Of(table, Message("f/x/y", payload));
        var result = await SendAsync("f/x/y", payload, table);

        Assert.Equal((MappedFate.Kept, "kept"), (result.Fate, outlook.Fate));
        await using var again = new DeadLetters(_server.Get<ICatalogue>(), TimeProvider.System, _server.Get<IMeterFactory>());
        var letter = Assert.Single(again.Read(Acme, "plant", null, 0, 10, int.MaxValue));
        Assert.Equal(("f/x/y", payload, NowNs, 1L), (letter.Message.Topic, Encoding.UTF8.GetString(letter.Message.Payload.Span), letter.Message.ReceivedNs, again.CountOf(Acme)));
        Assert.Contains(why, letter.Reason, StringComparison.Ordinal);
        Assert.Empty(Fleet.List(Acme, new DeviceQuery()));
    }

    [Fact]
    public async Task Only_so_many_dead_letters_are_kept_and_the_rest_is_said_to_be_unmapped()
    {
        var table = Table(property: "");
        var messages = _server.Get<MappedMessages>();
        var results = await Task.WhenAll(Enumerable.Range(0, DeadLetters.MessagesMax + 50).Select(_ => messages.StoreAsync(table, Message("f/x/y", "{"))));

        Assert.Equal((DeadLetters.MessagesMax, 50), (results.Count(one => one.Fate == MappedFate.Kept), results.Count(one => one.Fate == MappedFate.Unmapped)));
        Assert.Contains("it is not kept, because there are 10000 messages or 64 MiB", results[^1].Why, StringComparison.Ordinal);
        var letters = _server.Get<DeadLetters>();
        Assert.Equal(DeadLetters.MessagesMax, letters.CountOf(Acme));

        // Room again once some are gone, and no more of it than there was.
        Assert.Equal(2, letters.Remove(Acme, [1, 2, 2]));
        Assert.Equal([MappedFate.Kept, MappedFate.Kept, MappedFate.Unmapped], new[] { (await SendAsync("f/x/y", "{", table)).Fate, (await SendAsync("f/x/y", "{", table)).Fate, (await SendAsync("f/x/y", "{", table)).Fate });
    }

    [Fact]
    public async Task Only_so_many_of_them_are_kept()
    {
        var table = Table();
        await SendAsync("f/press-1/temp", "1", table);
        var messages = _server.Get<MappedMessages>();
        await Task.WhenAll(Enumerable.Range(0, MappedMessages.KeptMax + 50).Select(_ => messages.StoreAsync(table, Message("f/press-1/temp", "warm"))));

        Assert.Equal(MappedMessages.KeptMax, _server.Get<EventStore>().BadCount(Acme, new DeviceId("press-1")));
    }

    [Fact]
    public async Task Retained_messages_are_taken_only_with_a_time_of_their_own()
    {
        var retained = Message("f/press-1/temp", "1") with { IsRetained = true };
        Assert.Equal(MappedFate.Skipped, (await _server.Get<MappedMessages>().StoreAsync(Table(), retained)).Fate);
        Assert.Equal(MappedFate.Stored, (await _server.Get<MappedMessages>().StoreAsync(Table("    retained: take\n"), retained)).Fate);
        Assert.Equal(MappedFate.Skipped, (await SendAsync("f/press-1/temp", "")).Fate);
        var timed = retained with { Payload = Encoding.UTF8.GetBytes("{\"at\":1767225600,\"value\":5}") };
        Assert.Equal(MappedFate.Stored, (await _server.Get<MappedMessages>().StoreAsync(Table("    time: {field: /at}\n"), timed)).Fate);
    }

    [Fact]
    public async Task One_message_may_speak_for_many_devices()
    {
        var table = Table(device: "{tenant}/lyon/{/id}", property: "");
        var result = await SendAsync("f/x/y", "[{\"id\":\"p1\",\"a\":1},{\"id\":\"p2\",\"a\":2},{\"id\":\"p1\",\"b\":3}]", table);

        Assert.Equal(MappedFate.Stored, result.Fate);
        var (first, second) = (Fleet.FindByPath(Acme, "acme/lyon/p1")!, Fleet.FindByPath(Acme, "acme/lyon/p2")!);
        Assert.Equal([1.0, 2.0, 3.0], [.. Points(first, "a"), .. Points(second, "a"), .. Points(first, "b")]);
    }

    [Fact]
    public async Task Values_are_stored_in_the_unit_in_which_their_thing_type_is_described()
    {
        const string Model = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"Press","properties":{"temp":{"type":"number","unit":"Cel"}}}""";
        Assert.True(_server.Get<ThingBook>().Put(Ada, "press", ThingMedia.Description, Encoding.UTF8.GetBytes(Model), onlyNew: true).IsOk);

        Assert.Equal(MappedFate.Stored, (await SendAsync("f/press-1/temp", "212", Table("    unit: \"[degF]\"\n"))).Fate);
        Assert.Equal([100.0], Points(Fleet.FindByPath(Acme, "acme/lyon/press-1")!, "temp"));

        var other = await SendAsync("f/press-1/temp", "3", Table("    unit: bar\n"));
        Assert.Equal(MappedFate.Kept, other.Fate);
        Assert.Contains("\"bar\" (pressure) does not convert to \"Cel\" (temperature)", other.Why, StringComparison.Ordinal);
    }

    private static ForeignMessage Message(string topic, string payload) => new(topic, Encoding.UTF8.GetBytes(payload), null, false, NowNs);

    private static RuleTable Table(string more = "", string head = "", string device = "{tenant}/lyon/{machine}", string property = "    property: \"{property}\"\n") => new(
        MappingReaderTests.Read($"format: pilotage.mapping/1\nname: m\nversion: 1\n{head}rules:\n  r:\n    topic: f/{{machine}}/{{property}}\n    device: \"{device}\"\n    thing: press\n{property}{more}").Value,
        Acme,
        "plant");

    private Task<MappedResult> SendAsync(string topic, string payload, RuleTable? table = null) => _server.Get<MappedMessages>().StoreAsync(table ?? Table(), Message(topic, payload));

    private List<double> Points(Device device, string property) =>
        [.. _server.Get<TimeSeriesStore>().Read(new SeriesKey(Acme, device.Id, property), 0, long.MaxValue).Select(point => point.Value)];

    private void Enrol(string name)
    {
        var code = Fleet.Declare(Acme, [new DeviceDeclaration($"acme/lyon/{name}", "press") { Id = new DeviceId(name) }]).Value[0].Code;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=device", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        Assert.True(_server.Get<IEnrolments>().Enrol(code, request, [], null).IsOk);
    }
}
