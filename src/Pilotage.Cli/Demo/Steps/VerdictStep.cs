using System.Globalization;
using System.Text.Json.Nodes;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>A made-up technician looks at the first alert of each machine: the record tells whether the end was near.</summary>
internal sealed class VerdictStep : IDemoStep
{
    /// <summary>A machine that had no more than this left was worth the visit.</summary>
    private const int WorthVisiting = 60;

    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var alerts = await AlertsAsync(world, cancellation);
        var first = alerts.GroupBy(alert => Read.Text(alert, "device")).Select(group => group.MinBy(alert => Read.Text(alert, "ts"))!).ToList();
        var (right, wrong) = (0, 0);
        foreach (var alert in first)
        {
            if (world.Evaluation.Find(device => device.Credential.Id == Read.Text(alert, "device")) is not { } device)
            {
                continue;
            }

            var at = DateTimeOffset.Parse(Read.Text(alert, "ts"), CultureInfo.InvariantCulture);
            var left = device.Unit.Cycles - (int)Math.Round((at - Devices.ReplayedDevice.T0).TotalHours);
            var isRight = left <= WorthVisiting;
            (right, wrong) = isRight ? (right + 1, wrong) : (right, wrong + 1);
            await world.Api.PostAsync(
                $"api/v1/alerts/{Uri.EscapeDataString(Read.Text(alert, "id"))}/verdict",
                new JsonObject
                {
                    ["answer"] = isRight ? "right" : "wrong",
                    ["cause"] = isRight ? "wear" : null,
                    ["note"] = $"from the record: {left} cycles were left",
                    ["person"] = "DEMO PERSON (maintenance)",
                },
                cancellation);
            world.Alert = Read.Text(alert, "id");
        }

        var dataset = await world.Api.PostAsync("api/v1/datasets", new JsonObject { ["package"] = world.Package, ["name"] = world.Fleet.Name.ToLowerInvariant() }, cancellation);
        world.Print.Step(
            "verdicts",
            $"{right} right, {wrong} wrong, of {first.Count} machines that alarmed; {Read.TextOrNull(dataset, "verdicts")} labels in the next dataset (version {Read.TextOrNull(dataset, "version")})",
            $"right means that at most {WorthVisiting} cycles were left by the record",
            "what a technician would have found: nobody looked");
        world.Report.Set("verdicts", new JsonObject { ["right"] = right, ["wrong"] = wrong, ["labelsInNextDataset"] = Read.Number(dataset, "verdicts") });
    }

    /// <summary>Alerts of releases at work; one on trial raises its own, which nobody is sent out for.</summary>
    public static async Task<IReadOnlyList<JsonNode?>> AlertsAsync(DemoWorld world, CancellationToken cancellation) =>
        [.. (await world.Api.ListAsync("api/v1/alerts", cancellation)).Where(alert => Read.TextOrNull(alert, "rollout") is null)];
}
