using System.Net;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class PersonVerbTests
{
    [Fact]
    public async Task A_person_is_added_with_a_name_and_every_role()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("PUT /api/v1/people/li.wei", """{"id":"li.wei","displayName":"Li Wei","roles":["maintenance","ot_lead"]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("person", "create", "li.wei", "--name", "Li Wei", "--role", "maintenance", "--role", "ot_lead"));

        Assert.Equal("""{"displayName":"Li Wei","roles":["maintenance","ot_lead"]}""", run.Server.Requests[0].Body);
        Assert.Equal("li.wei  Li Wei  maintenance, ot_lead", run.Output.TrimEnd().Split('\n')[1]);
    }

    [Fact]
    public async Task People_are_listed_and_named_by_what_other_verbs_take()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/people", """[{"id":"ada","displayName":"Ada Byron","roles":["sponsor"]}]""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("person", "list", "-o", "name"));

        Assert.Equal("ada", run.Output.TrimEnd());
    }

    [Fact]
    public async Task A_person_is_taken_away_when_that_is_said_to_be_meant()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("DELETE /api/v1/people/ada", "", HttpStatusCode.NoContent);

        Assert.Equal(ExitCode.Usage, await run.RunAsync("person", "delete", "ada"));
        Assert.Contains("\ntry:   the same with --yes\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("person", "delete", "ada", "--dry-run"));
        Assert.Empty(run.Server.Requests);
        Assert.Equal(ExitCode.Done, await run.RunAsync("person", "delete", "ada", "--yes"));

        Assert.Equal(["DELETE /api/v1/people/ada"], run.Server.Requests.Select(sent => sent.Request));
        Assert.EndsWith("DELETED\nada\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Somebody_who_is_not_there_is_not_found_and_the_list_is_named()
    {
        using var run = new CliRun().Connected();

        Assert.Equal(ExitCode.NotFound, await run.RunAsync("person", "delete", "nobody", "--yes"));

        Assert.Contains("\ntry:   pilotage person list shows what there is", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_who_is_there_is_replaced_only_when_that_is_said_to_be_meant()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "PUT /api/v1/people/ada",
            """{"type":"https://pilotage.dev/problems/access.person.precondition","detail":"There is a person ada already. Name and roles are replaced by: pilotage person create ada --name NAME --replace"}""",
            HttpStatusCode.PreconditionFailed);

        Assert.Equal(ExitCode.Conflict, await run.RunAsync("person", "create", "ada", "--name", "Ada"));
        Assert.EndsWith("\ntry:   pilotage person create ada --name NAME --replace\n", run.Error, StringComparison.Ordinal);

        run.Server.Answer("PUT /api/v1/people/ada", """{"id":"ada","displayName":"Ada","roles":[]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("person", "create", "ada", "--name", "Ada", "--replace"));
        Assert.Equal(["*", ""], run.Server.IfNoneMatch);
    }

    [Fact]
    public async Task A_dry_run_shows_the_condition_too()
    {
        using var run = new CliRun().Connected();

        Assert.Equal(ExitCode.Done, await run.RunAsync("person", "create", "ada", "--name", "Zo\u00EB + Ada", "--dry-run"));

        Assert.Equal("PUT api/v1/people/ada\nIf-None-Match: *\n{\"displayName\":\"Zo\u00EB + Ada\",\"roles\":[]}\n", run.Output);
    }
}
