using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Demo.Devices;
using Pilotage.Cli.Demo.Processes;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>Server and two edges, each a process of its own, each enrolled like any edge of a user.</summary>
internal sealed class StartStep : IDemoStep
{
    private const int Edges = 2;

    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        world.Ports.Write(world.Home);
        var server = Child(world, "server",
        [
            "server", "--data", world.Home.Server, "--http", $"127.0.0.1:{world.Ports.Http}", "--https", $"127.0.0.1:{world.Ports.Https}",
            "--mqtts", $"127.0.0.1:{world.Ports.Mqtts}", "--tenant", DemoWorld.Tenant,

            // Years are told in seconds here.
            "--publish-rate", "0", "--until-stdin-ends",
        ]);
        await server.StartAsync(cancellation);
        var context = new ApiContext(new($"http://127.0.0.1:{world.Ports.Http}/"), world.Home.AdminToken);
        context.Save(world.Home.ContextFolder);
        var token = context.ReadToken();
        world.Api = new(new ApiClient(context.Server, token), world.Time);
        await StartEdgesAsync(world, cancellation);
        world.Print.Step("start", $"server and {Edges} edges, each a supervisor with workers; MQTT 127.0.0.1:{world.Ports.Mqtts} with TLS and client certificates");
        var link = await world.Api.PostAsync("api/v1/sign-in-links", new JsonObject(), cancellation);
        world.Print.Detail("page", $"{new Uri(context.Server, Read.Text(link, "path"))}   (signs in once; pilotage open prints another)");
        world.Report.Set("processes", world.Processes());
    }

    private static async Task StartEdgesAsync(DemoWorld world, CancellationToken cancellation)
    {
        var paths = Enumerable.Range(1, Edges).Select(number => $"{world.Site}/edge-{number}").ToList();
        var codes = await new Enroller(world.Api).DeclareAsync(paths, "edge", null, Hardware(), cancellation);
        for (var number = 1; number <= Edges; number++)
        {
            var (id, code) = codes[paths[number - 1]];
            world.EdgeIds.Add(id);
            var edge = Child(world, $"edge-{number}",
            [
                "edge", "run", "--data", world.Home.Edge(number), "--server", $"https://127.0.0.1:{world.Ports.Https}", "--mqtts", $"127.0.0.1:{world.Ports.Mqtts}",
                "--code", code, "--listen", $"127.0.0.1:{world.EdgePort(number)}", "--heartbeat", "1", "--watchdog", "5", "--until-stdin-ends",
            ]);
            await edge.StartAsync(cancellation);
        }
    }

    private static SupervisedChild Child(DemoWorld world, string name, IReadOnlyList<string> arguments)
    {
        var child = new SupervisedChild(name, arguments, world.Home.Log(name), world.Note, world.Time);
        world.Children.Add(child);
        return child;
    }

    private static string Hardware() => $"linux-{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
}
