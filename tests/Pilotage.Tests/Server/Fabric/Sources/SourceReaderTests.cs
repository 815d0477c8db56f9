using Pilotage.Core;
using Pilotage.Server.Fabric.Sources;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Sources;

public sealed class SourceReaderTests
{
    private static readonly SourceEndpoints.SourceBody Plain = new("mqtt://plant:1883", ["factory/#"], "factory", null, null, null, null, null, null, null, null, null);

    [Theory]
    [InlineData("mqtt://plant", "plant", 1883, null, false)]
    [InlineData("mqtts://plant.example:8884/", "plant.example", 8884, null, true)]
    [InlineData("ws://[::1]:9001/mqtt", "::1", 9001, "/mqtt", false)]
    [InlineData("wss://plant", "plant", 443, "/", true)]
    public void An_address_is_read(string url, string host, int port, string? path, bool isSecure)
    {
        var address = SourceAddress.Parse(url).Value;
        Assert.Equal((host, port, path, isSecure), (address.Host, address.Port, address.Path, address.IsSecure));
    }

    [Theory]
    [InlineData("plant:1883", "url is no address of a broker; write mqtts://")]
    [InlineData("http://plant", "is no address of a broker")]
    [InlineData("mqtt://", "is no address of a broker")]
    [InlineData("mqtt://me:secret@plant", "an address is shown to everybody")]
    [InlineData("mqtt://plant/path", "which only ws:// and wss:// have")]
    [InlineData("mqtt://plant:99999", "is no address of a broker")]
    public void What_is_no_address_is_said_and_a_password_in_it_is_not_repeated(string url, string why)
    {
        var refusal = SourceAddress.Parse(url).Refusal;
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_body_takes_over_the_session_and_lets_go_of_what_it_no_longer_wants()
    {
        var first = SourceReader.Read("plant", Plain with { Topics = ["a", "b", "a"] }, null, "made-up").Value.Settings;
        Assert.Equal(("made-up", 1, "5", 168), (first.ClientId, first.Qos, first.Version, first.SessionHours));
        Assert.Equal(["a", "b"], first.Topics);
        var second = SourceReader.Read("plant", Plain with { Topics = ["b", "c"], Qos = 2 }, first, "another").Value.Settings;
        Assert.Equal("made-up", second.ClientId);
        Assert.Equal(["a"], second.Former);
        Assert.Equal(["b", "c"], SourceReader.Read("plant", Plain with { Topics = ["a"] }, second, "x").Value.Settings.Former);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_said_by_its_place(string name, object body, string where, string why)
    {
        var refusal = SourceReader.Read(name, (SourceEndpoints.SourceBody)body, null, "id").Refusal;
        Assert.Equal(where, Assert.Single(refusal.Details).Where);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, object, string, string> Wrong => new()
    {
        { "Plant", Plain, "/name", "is not the name of a source" },
        { "plant", Plain with { Topics = [] }, "/topics", "give 1 to 20 filters" },
        { "plant", Plain with { Topics = ["a/#/b"] }, "/topics", "\"a/#/b\", which is no filter" },
        { "plant", Plain with { Qos = 3 }, "/qos", "give 0, 1 or 2" },
        { "plant", Plain with { Version = "4" }, "/version", "give 5 or 3.1.1" },
        { "plant", Plain with { SessionHours = 0 }, "/sessionHours", "give 1 to 8760" },
        { "plant", Plain with { ClientId = "a\nb" }, "/clientId", "1 to 512 bytes" },
        { "plant", Plain with { Password = "x", Version = "3.1.1" }, "/userName", "a password has a user" },
        { "plant", Plain with { CaPem = "x" }, "/url", "where no certificate is looked at" },
        { "plant", Plain with { Url = "mqtts://plant", CaPem = "x" }, "/caPem", "holds no certificate in PEM" },
        { "plant", Plain with { Url = "mqtts://plant", CertificatePem = "x" }, "/keyPem", "a certificate is shown with its key" },
        { "plant", Plain with { Url = "mqtts://plant", CertificatePem = "x", KeyPem = "y" }, "/keyPem", "is not the key of the certificate" },
    };

    [Fact]
    public async Task What_is_kept_comes_back_and_secrets_stay_where_they_are()
    {
        await using var server = new TestServerFolder();
        var store = server.Get<SourceStore>();
        var (settings, secrets) = SourceReader.Read("plant", Plain with { UserName = "me", Password = "open-sesame" }, null, "id").Value;
        store.Put(new StoredSource(new TenantId("acme"), settings, secrets, "ada", 5));

        var read = Assert.Single(store.All());
        Assert.Equal(("me", "open-sesame", "ada", 5), (read.Settings.UserName, read.Secrets.Password, read.WrittenBy, read.WrittenNs));
        Assert.DoesNotContain("open-sesame", $"{read} {read.Settings} {System.Text.Json.JsonSerializer.Serialize(read.Settings)}", StringComparison.Ordinal);
        store.Delete(new TenantId("acme"), "plant");
        Assert.Empty(store.All());
    }

    [Theory]
    [InlineData("""{"url":"mqtt://plant","topics":["a"],"mapping":"factory"}""", 404, "There is no mapping")]
    [InlineData("""{"url":"mqtt://plant","topics":["a"]}""", 400, "mapping")]
    [InlineData("""{"url":"mqtt://plant","topics":["a"],"mapping":"factory","passwort":"x"}""", 400, "passwort")]
    public async Task A_source_that_cannot_be_is_refused_and_not_kept(string body, int status, string why)
    {
        await using var server = new TestServerFolder();
        var answer = await new RequestPipeline(server).AskAsync("PUT", "/api/v1/sources/plant", body);
        Assert.Equal(status, answer.Status);
        Assert.Contains(why, answer.Text, StringComparison.Ordinal);
        Assert.Empty(server.Get<SourceStore>().All());
        Assert.Equal(404, (await new RequestPipeline(server).AskAsync("DELETE", "/api/v1/sources/plant")).Status);
    }
}
