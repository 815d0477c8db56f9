using System.Globalization;
using System.Net;
using System.Text;

namespace Pilotage.Server.Portfolio.Page;

/// <summary>Renders the page: stage, gates and value come complete from the server; the live parts fill themselves.</summary>
internal sealed class HomePage(UseCaseStore useCases, EvidenceBook evidence, ValueBook values)
{
    private const string ChartPart =
        "<section aria-labelledby=\"h-device\"><h2 id=\"h-device\">One device: signals and inference on one axis</h2><p><label>Device <select id=\"device\"></select></label></p>"
        + "<fieldset id=\"signals\"><legend>Signals</legend></fieldset><div id=\"chart\"><p class=\"soft\">Loading the series…</p></div></section>";

    private const string RolloutPart =
        "<section aria-labelledby=\"h-rollouts\"><h2 id=\"h-rollouts\">Rollouts, by device</h2><div id=\"rollouts\"><p class=\"soft\">Loading the rollouts…</p></div></section>";

    private const string AlertPart =
        "<section aria-labelledby=\"h-alerts\"><h2 id=\"h-alerts\">Alerts</h2><div id=\"alerts\"><p class=\"soft\">Loading the alerts…</p></div>"
        + "<h3 id=\"h-thread\">The thread of one alert</h3><div id=\"thread\" aria-live=\"polite\" aria-labelledby=\"h-thread\" role=\"group\">"
        + "<p class=\"soft\">Choose “show” beside an alert: sensor rows, dataset, training run, model, release, device, verdict, outcome, ledger.</p></div></section>";

    public static string SignIn(bool refused) => Frame(
        "<section><h2>Sign in</h2>"
        + (refused ? "<p class=\"bad\" role=\"alert\">This link does not open anything: each one works once, within an hour, on the server that made it.</p>" : "")
        + "<p>Run <code>pilotage open</code> in the folder of the demonstration, or with <code>--server</code> and <code>--token-file</code>, and follow the link that it prints.</p></section>",
        live: false);

    public string Render(TenantId tenant)
    {
        var all = useCases.All(tenant);
        var html = new StringBuilder();
        if (all.Count == 0)
        {
            html.Append("<section><h2>Use cases</h2><p>No use case yet: its stage, its gates and what it paid will stand here. ")
                .Append("Fill it: <code>pilotage demo</code>.</p></section>");
        }

        foreach (var useCase in all)
        {
            Card(html, useCase);
        }

        html.Append(ChartPart).Append(RolloutPart).Append(AlertPart);
        return Frame(html.ToString(), live: true);
    }

    private void Card(StringBuilder html, UseCase useCase)
    {
        var definition = useCase.Definition;
        html.Append("<section><h2>").Append(E(useCase.Id)).Append(' ').Append(E(definition.Version))
            .Append(" <span class=\"badge\">stage: ").Append(E(useCase.Stage.Word())).Append("</span> <span class=\"badge\">evidence: ")
            .Append(E(definition.EvidenceClass)).Append("</span></h2><p class=\"soft\">").Append(E(definition.Origin)).Append("</p>");
        if (values.Measure(useCase).TryGet(out var report, out var refusal))
        {
            Value(html, report);
        }
        else
        {
            html.Append("<p><strong>Value:</strong> no figure yet. ").Append(E(refusal.Message)).Append("</p>");
        }

        Evidence(html, useCase);
        foreach (var (name, change) in definition.Overrides)
        {
            html.Append("<p class=\"soft\">Shortened here: ").Append(E(name)).Append(", ").Append(E(change)).Append("</p>");
        }

        html.Append("</section>");
    }

    private static void Value(StringBuilder html, ValueReport report)
    {
        var verb = report.EvidenceClass == "live" ? "Saved" : "Would have saved";
        html.Append("<p class=\"big\">").Append(verb).Append(' ').Append(R(report.TotalVsBestFixedPct)).Append(" % [")
            .Append(R(report.Ci95[0])).Append(", ").Append(R(report.Ci95[1])).Append("] of total downtime</p><p class=\"claim\">").Append(E(report.Claim)).Append("</p>");
        html.Append("<dl class=\"facts\">");
        Fact(html, "Compared with", $"the best fixed interval, {report.Baselines.FixedIntervalCycles} cycles, chosen on the {report.Baselines.FitUnits} machines of the frozen baseline");
        Fact(html, "Failures", $"{report.Failures} of {report.Units}; 95 % bound {R(report.FailuresBoundPct)} %; with one more, {R(report.WithOneMoreFailurePct)} %");
        Fact(html, "Against the best single sensor", $"{R(report.VsBestSensorPct)} % [{R(report.VsBestSensorCi95[0])}, {R(report.VsBestSensorCi95[1])}]: {report.Baselines.BestSensor}");
        Fact(html, "Against the interval chosen with hindsight", $"{R(report.Baselines.VsHindsightPct)} % ({report.Baselines.HindsightIntervalCycles} cycles)");
        Fact(html, "Share of what perfect knowledge could save", report.ShareOfCeilingPct is { } share ? $"{R(share)} % of {R(report.CeilingPct)} %" : "none to compare with");
        Fact(html, "Net", $"{R(report.Net)} {report.Currency}, {(report.EvidenceClass == "live" ? "measured" : "not earned: would have been")}");
        html.Append("</dl><p>").Append("<strong>Formula</strong> <code>").Append(E(report.Formula)).Append("</code></p>");
        html.Append("<p><strong>Not shown</strong> ").Append(E(string.Join(" ", report.NotShown))).Append("</p>");
        Table(html, "What the figure assumes", ["assumption", "value", "source", "owner"]);
        foreach (var assumption in report.Assumptions)
        {
            html.Append("<tr><td>").Append(E(assumption.Name)).Append("</td><td class=\"num\">").Append(N(assumption.Value)).Append(' ').Append(E(assumption.Unit))
                .Append("</td><td>").Append(E(assumption.Source)).Append("</td><td>").Append(E(assumption.Owner)).Append("</td></tr>");
        }

        html.Append("</tbody></table></div>");
    }

    private static void Fact(StringBuilder html, string name, string fact) =>
        html.Append("<div><dt>").Append(E(name)).Append("</dt><dd>").Append(E(fact)).Append("</dd></div>");

    /// <summary>Opens a table that scrolls by itself on a narrow screen, and can be reached by keyboard to do so.</summary>
    private static void Table(StringBuilder html, string caption, IReadOnlyList<string> heads)
    {
        html.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").Append(E(caption)).Append("\"><table><caption>").Append(E(caption)).Append("</caption><thead><tr>");
        foreach (var head in heads)
        {
            html.Append("<th scope=\"col\">").Append(E(head)).Append("</th>");
        }

        html.Append("</tr></thead><tbody>");
    }

    private void Evidence(StringBuilder html, UseCase useCase)
    {
        Table(html, $"Evidence of the gates of {useCase.Id}", ["gate", "evidence", "value", "needed", "met", "why"]);
        foreach (var gate in useCase.Definition.Gates)
        {
            if (!useCase.Gate(gate.Stage).TryGet(out var rule, out _))
            {
                continue;
            }

            foreach (var item in rule.Needs.Select(need => need.Weigh(rule.Stage, evidence.Read(useCase, need.Name))))
            {
                html.Append("<tr><td>").Append(E(item.Stage)).Append(useCase.Stage >= rule.Stage ? ", passed" : "").Append("</td><td>").Append(E(item.Name)).Append("</td><td>").Append(E(item.Value ?? "no data yet"))
                    .Append("</td><td class=\"num\">").Append(E(item.Needed)).Append("</td><td class=\"").Append(item.Met ? "good\">✓ yes" : "bad\">✗ no").Append("</td><td>")
                    .Append(E(item.Why)).Append("</td></tr>");
            }
        }

        html.Append("</tbody></table></div>");
    }

    private static string Frame(string body, bool live) =>
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        + "<title>Pilotage</title><link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/page.css\"></head><body><header><h1>Pilotage</h1> "
        + "<span class=\"badge\" id=\"age\" role=\"status\">" + (live ? "loading" : "signed out") + "</span></header><main>" + body + "</main>"
        + (live ? "<noscript><p>The live parts need JavaScript; <code>pilotage device list</code>, <code>rollout list</code> and <code>alert list</code> show the same.</p></noscript>"
            + "<script src=\"/page.js\" defer></script>" : "") + "</body></html>";

    private static string E(string text) => WebUtility.HtmlEncode(text);

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A whole number; what rounds to nothing has no sign.</summary>
    private static string R(double value) => Math.Round(value) == 0 ? "0" : value.ToString("#,0", CultureInfo.InvariantCulture);
}
