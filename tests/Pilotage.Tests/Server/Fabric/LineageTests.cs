using Pilotage.Core;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

public sealed class LineageTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private static readonly NodeRef Span = new(NodeKind.SeriesSpan, "pump-1/a@1..2");
    private static readonly NodeRef Dataset = new(NodeKind.Dataset, "sha256:abc");
    private static readonly NodeRef Model = new(NodeKind.Model, "rul@1.0.0");
    private static readonly NodeRef Alert = new(NodeKind.Alert, "al_1");
    private readonly TestServerFolder _server = new();

    private ILineage Lineage => _server.Get<ILineage>();

    public Task InitializeAsync()
    {
        Lineage.Append(Acme,
        [
            new(Span, "part-of", Dataset, 1),
            new(Dataset, "trained", Model, 2, new Dictionary<string, string> { ["run"] = "run_1" }),
            new(Model, "raised", Alert, 3),
        ]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void Walks_up_to_the_sensor_and_down_to_the_alert()
    {
        Assert.Equal([Model, Dataset, Span], Lineage.Up(Acme, Alert).Edges.Select(e => e.From));
        Assert.Equal([Dataset, Model, Alert], Lineage.Down(Acme, Span).Edges.Select(e => e.To));
        Assert.Equal("run_1", Lineage.Up(Acme, Model).Edges[0].Attributes!["run"]);
        Assert.Empty(Lineage.Up(new TenantId("other"), Alert).Edges);
    }

    [Fact]
    public void An_edge_is_there_once_and_a_circle_ends()
    {
        Lineage.Append(Acme, [new(Model, "raised", Alert, 9), new(Alert, "labelled", Dataset, 4)]);
        Assert.Equal(4, Lineage.Verify(Acme).Value);
        Assert.Equal(4, Lineage.Down(Acme, Span).Edges.Count);
        Assert.True(Lineage.Down(Acme, Span, edgesMax: 2).Truncated);
    }

    [Theory]
    [InlineData("UPDATE fabric_lineage SET entry = replace(entry, 'run_1', 'run_2') WHERE sequence = 1")]
    [InlineData("DELETE FROM fabric_lineage WHERE sequence = 1")]
    public void An_edit_behind_its_back_shows(string edit)
    {
        _server.Get<ICatalogue>().Write((c, _) => c.Execute(edit));
        Assert.Contains("Entry 1 ", Lineage.Verify(Acme).Refusal.Message, StringComparison.Ordinal);
    }
}
