using System.Globalization;
using System.Net;
using System.Text;

namespace Pilotage.Server.Portfolio.Page;

/// <summary>Renders the page: stage, gates and value come complete from the server; the live parts fill themselves.</summary>
internal sealed class HomePage(UseCaseStore useCases, EvidenceBook evidence, ValueBook values)
{
    public static string SignIn() => Frame(
        "<section><h2>Sign in</h2><p>Open the link that <code>pilotage demo</code> printed, or <code>/?token=…</code> with the content of "
        + "<code>DATA/admin.token</code> of the server.</p></section>",
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

        html.Append("<section><h2>A device: signal and inference on one axis</h2><p><label>device <select id=\"device\"></select></label> ")
            .Append("<label>signal <select id=\"property\"></select></label></p><div id=\"chart\"><p class=\"soft\">Loading…</p></div></section>")
            .Append("<section><h2>Rollouts, by device</h2><div id=\"rollouts\" class=\"scroll\"><p class=\"soft\">Loading…</p></div></section>")
            .Append("<section><h2>Alerts</h2><div id=\"alerts\" class=\"scroll\"><p class=\"soft\">Loading…</p></div></section>")
            .Append("<section><h2>The thread of one alert</h2><div id=\"thread\" class=\"scroll\" aria-live=\"polite\">")
            .Append("<p class=\"soft\">Choose “thread” beside an alert: sensor rows, dataset, run, model, release, device, verdict, outcome, gate.</p></div></section>");
        return Frame(html.ToString(), live: true);
    }

    private void Card(StringBuilder html, UseCase useCase)
    {
        var definition = useCase.Definition;
        html.Append("<section><h2>").Append(E(useCase.Id)).Append(' ').Append(E(definition.Version))
            .Append(" <span class=\"badge\">").Append(E(useCase.Stage.Word())).Append("</span> <span class=\"badge\">")
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
        var verb = report.EvidenceClass == "live" ? "saved" : "would have saved";
        html.Append("<p class=\"big\">").Append(verb).Append(' ').Append(N(report.TotalVsBestFixedPct)).Append(" % [")
            .Append(N(report.Ci95[0])).Append(", ").Append(N(report.Ci95[1])).Append("] of total downtime</p><p>against the best fixed interval (")
            .Append(report.Baselines.FixedIntervalCycles).Append(" cycles); net ").Append(N(report.Net)).Append(' ').Append(E(report.Currency))
            .Append("</p><p>").Append(E(report.Claim)).Append("</p><p class=\"soft\"><code>").Append(E(report.Formula)).Append("</code></p><div class=\"scroll\"><table><thead><tr>")
            .Append("<th scope=\"col\">assumption</th><th scope=\"col\">value</th><th scope=\"col\">source</th><th scope=\"col\">owner</th></tr></thead><tbody>");
        foreach (var assumption in report.Assumptions)
        {
            html.Append("<tr><td>").Append(E(assumption.Name)).Append("</td><td>").Append(N(assumption.Value)).Append(' ').Append(E(assumption.Unit))
                .Append("</td><td>").Append(E(assumption.Source)).Append("</td><td>").Append(E(assumption.Owner)).Append("</td></tr>");
        }

        html.Append("</tbody></table></div>");
    }

    private void Evidence(StringBuilder html, UseCase useCase)
    {
        html.Append("<div class=\"scroll\"><table><thead><tr><th scope=\"col\">gate</th><th scope=\"col\">evidence</th><th scope=\"col\">value</th>")
            .Append("<th scope=\"col\">needed</th><th scope=\"col\">met</th><th scope=\"col\">why</th></tr></thead><tbody>");
        foreach (var gate in useCase.Definition.Gates)
        {
            if (!useCase.Gate(gate.Stage).TryGet(out var rule, out _))
            {
                continue;
            }

            foreach (var item in rule.Needs.Select(need => need.Weigh(rule.Stage, evidence.Read(useCase, need.Name))))
            {
                html.Append("<tr><td>").Append(E(item.Stage)).Append("</td><td>").Append(E(item.Name)).Append("</td><td>").Append(E(item.Value ?? "no data yet"))
                    .Append("</td><td>").Append(E(item.Needed)).Append("</td><td class=\"").Append(item.Met ? "good\">✓ yes" : "bad\">✗ no").Append("</td><td>")
                    .Append(E(item.Why)).Append("</td></tr>");
            }
        }

        html.Append("</tbody></table></div>");
    }

    private static string Frame(string body, bool live) =>
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        + "<title>Pilotage</title><link rel=\"stylesheet\" href=\"/page.css\"></head><body><header><h1>Pilotage "
        + "<span class=\"badge\" id=\"age\">" + (live ? "loading" : "signed out") + "</span></h1></header><main>" + body + "</main>"
        + (live ? "<script src=\"/page.js\" defer></script>" : "") + "</body></html>";

    private static string E(string text) => WebUtility.HtmlEncode(text);

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
