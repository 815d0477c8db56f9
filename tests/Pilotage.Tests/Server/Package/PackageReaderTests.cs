using Pilotage.Server.Package;
using Xunit;

namespace Pilotage.Tests.Server.Package;

public sealed class PackageReaderTests
{
    private readonly Dictionary<string, string> _texts = SamplePackage.Texts();

    [Fact]
    public void Reads_every_section_into_typed_records()
    {
        var package = Read().Value;
        Assert.Equal(["pilot", "production"], package.UseCase.Gates.Select(g => g.Stage));
        Assert.Equal(-0.3, package.UseCase.Outcome.TargetShare, 12);
        Assert.Equal(TimeSpan.FromDays(180), package.UseCase.Outcome.Baseline.Window);
        Assert.Equal(new ExposureSpec(1000, "h", "running"), package.UseCase.Outcome.Per);
        Assert.Equal(new OutcomeCondition("planned", true), Assert.Single(package.UseCase.Outcome.From.Conditions));
        Assert.Equal(80, package.UseCase.Gates[0].Needs[0].Limit);
        var model = package.Model("bearing_rul")!;
        Assert.Equal(["vib_rms", "temp_rise", "load"], model.Inputs.Select(i => i.Name));
        Assert.Equal(90, model.Recipe.Number("clip", 0));
        Assert.Equal(0.8, model.Split.Fit, 12);
        Assert.Equal(MissingValues.Native, model.Missing);
        Assert.Equal(["load"], package.Model("regimes")!.Recipe.Settings);
        Assert.Equal([2, null, null, null], package.Rollout.Waves.Select(w => w.Count));
        Assert.Equal("Sun 02:00-06:00", package.Rollout.Window);
        Assert.Equal(["load", "vibration", "bearing_temp", "ambient"], package.Thing.Properties.Select(p => p.Name));
        Assert.Equal(4200, package.Site!.Prices["downtime_hour"].Value);
        Assert.Equal(new SourceMark("models/bearing_rul.yaml", 7, 14), model.Must[0].At);
    }

    [Fact]
    public void A_site_may_shorten_durations_and_the_originals_stay_visible()
    {
        var rollout = Read().Value.Rollout;
        Assert.Equal(TimeSpan.FromSeconds(3), rollout.Bake);
        Assert.Equal(TimeSpan.FromMinutes(30), rollout.Overridden["bake"]);
    }

    [Fact]
    public void Without_a_site_it_lists_what_a_site_must_supply()
    {
        var package = PackageReader.Read(SamplePackage.Bytes(_texts), siteFile: null).Value;
        Assert.Equal(["price.downtime_hour", "maintenance_window"], package.Needs.Select(n => n.Name));
        Assert.Equal(new SourceMark("usecase.yaml", 20, 28), package.Needs[0].At);
    }

    [Fact]
    public void The_digest_is_of_the_published_part_alone()
    {
        var digest = Read().Value.Digest;
        _texts["site.yaml"] = _texts["site.yaml"].Replace("4200", "4300", StringComparison.Ordinal);
        Assert.Equal(digest, Read().Value.Digest);
        _texts["rollout.yaml"] = _texts["rollout.yaml"].Replace("PT30M", "PT31M", StringComparison.Ordinal);
        Assert.NotEqual(digest, Read().Value.Digest);
    }

    // Each row: file, what is replaced, by what, where the fault stands, a part of what is said.
    [Theory]
    [InlineData("usecase.yaml", "unit: h\n", "unit: hours\n", "usecase.yaml:8:9", "\"hours\" is not a UCUM unit")]
    [InlineData("usecase.yaml", "unit: h\n", "unit: Cel\n", "usecase.yaml:8:9", "does not convert to \"h\"")]
    [InlineData("usecase.yaml", "kpi: unplanned_downtime", "kpi: unplaned_downtime", "usecase.yaml:7:8", "did you mean \"unplanned_downtime\"?")]
    [InlineData("usecase.yaml", "outcome.ci_excludes_zero", "sponsor.happiness", "usecase.yaml:24:31", "cannot exist, so this gate could never open")]
    [InlineData("usecase.yaml", "readiness >= 80", "readiness", "usecase.yaml:27:13", "needs a limit")]
    [InlineData("usecase.yaml", "baseline.frozen", "baseline.frozen >= 1", "usecase.yaml:27:30", "takes no limit")]
    [InlineData("usecase.yaml", "approve: [sponsor, ot_lead]", "approve: [sponsor, ceo]", "usecase.yaml:28:24", "the role \"ceo\" is unknown")]
    [InlineData("usecase.yaml", "thing: pump", "thnig: pump", "usecase.yaml:4:1", "unknown key \"thnig\"; did you mean \"thing\"?")]
    [InlineData("usecase.yaml", "pilotage.usecase/1", "pilotage.usecase/2", "usecase.yaml:1:9", "upgrade Pilotage")]
    [InlineData("usecase.yaml", "thing: pump", "thing: fan", "usecase.yaml:1:1", "add things/fan.td.json")]
    [InlineData("usecase.yaml", "hours FROM stop", "hour FROM stop", "usecase.yaml:10:28", "no column \"hour\"; did you mean \"hours\"?")]
    [InlineData("usecase.yaml", "FROM stop", "FROM halt", "usecase.yaml:10:39", "tells no event \"halt\"")]
    [InlineData("usecase.yaml", "NOT planned", "NOT planed", "usecase.yaml:10:54", "did you mean \"planned\"?")]
    [InlineData("usecase.yaml", "P180D", "180 days", "usecase.yaml:12:22", "is not a duration")]
    [InlineData("usecase.yaml", "P180D", "P6M", "usecase.yaml:12:22", "is not a duration")]
    [InlineData("usecase.yaml", "parameter: alarm_below", "parameter: alarm_above", "usecase.yaml:16:3", "choosing it would change nothing")]
    [InlineData("usecase.yaml", "version: 1.2.0", "version: &v 1.2.0", "usecase.yaml:3:10", "anchors and aliases")]
    [InlineData("usecase.yaml", "roles: [", "roles: [[", "usecase.yaml:5:8", "not readable as YAML")]
    [InlineData("usecase.yaml", "name: pump-bearings", "name: a\nname: b", "usecase.yaml:3:1", "not readable as YAML")]
    [InlineData("rollout.yaml", "[2, 10%, 50%, rest]", "[2, 50%, 10%, rest]", "rollout.yaml:2:17", "waves would go in a circle")]
    [InlineData("rollout.yaml", "[2, 10%, 50%, rest]", "[2, 2, 50%, rest]", "rollout.yaml:2:12", "waves would go in a circle")]
    [InlineData("rollout.yaml", "[2, 10%, 50%, rest]", "[10%, 2, rest]", "rollout.yaml:2:14", "waves would go in a circle")]
    [InlineData("rollout.yaml", "[2, 10%, 50%, rest]", "[rest, 2]", "rollout.yaml:2:15", "waves would go in a circle")]
    [InlineData("rollout.yaml", "[2, 10%, 50%, rest]", "[2, 10%]", "rollout.yaml:2:12", "some devices would never be reached")]
    [InlineData("rollout.yaml", "{max: 20}", "{}", "rollout.yaml:5:19", "guards nothing")]
    [InlineData("rollout.yaml", "on_halt: rollback", "on_halt: shrug", "rollout.yaml:10:10", "reaction to a halt \"shrug\" is unknown")]
    [InlineData("models/bearing_rul.yaml", "clip: 90", "clipp: 90", "models/bearing_rul.yaml:2:42", "did you mean \"clip\"?")]
    [InlineData("models/bearing_rul.yaml", "gbt_regression", "deep_magic", "models/bearing_rul.yaml:2:16", "the recipe \"deep_magic\" is unknown")]
    [InlineData("models/bearing_rul.yaml", "vib_rms: mm/s", "vib_rms: mmps", "models/bearing_rul.yaml:3:19", "not a UCUM unit")]
    [InlineData("models/regimes.yaml", "settings: [load]", "settings: [laod]", "models/regimes.yaml:2:9", "did you mean \"load\"?")]
    [InlineData("models/regimes.yaml", "name: regimes", "name: bearing_rul", "models/regimes.yaml:1:1", "defined twice")]
    [InlineData("things/pump.td.json", "\"unit\": \"Cel\"}", "\"unit\": \"celsius\"}", "things/pump.td.json:7:48", "not a UCUM unit")]
    [InlineData("things/pump.td.json", "\"type\": \"number\", \"unit\": \"%\"", "\"type\": \"text\", \"unit\": \"%\"", "things/pump.td.json:5:22", "the type \"text\" is unknown")]
    [InlineData("pipeline.sql", "RMS(vibration)", "RMS(vibrations)", "pipeline.sql:2:30", "Did you mean vibration?")]
    [InlineData("pipeline.sql", "MODEL bearing_rul", "MODEL bearing_rull", "pipeline.sql:6:39", "Did you mean bearing_rul?")]
    [InlineData("site.yaml", "downtime_hour:", "downtime:", "usecase.yaml:20:28", "${price.downtime_hour} is not resolved")]
    [InlineData("site.yaml", "maintenance_window:", "maintenance_windows:", "site.yaml:8:22", "did you mean \"maintenance_window\"?")]
    [InlineData("site.yaml", "sponsor: j.martin", "boss: j.martin", "site.yaml:2:15", "the role \"boss\" is unknown")]
    [InlineData("site.yaml", "pump: \"acme", "fan: \"acme", "site.yaml:1:7", "no devices are bound to pump")]
    [InlineData("usecase.yaml", "readiness >= 80", "readiness >= 180", "usecase.yaml:27:13", "\"readiness >= 180\" can never hold, so this gate could never open: readiness is 0 to 100;")]
    [InlineData("usecase.yaml", "readiness >= 80", "readiness > 100", "usecase.yaml:27:13", "can never hold")]
    [InlineData("usecase.yaml", "readiness >= 80", "verdicts >= -5", "usecase.yaml:27:13", "\"verdicts >= -5\" always holds, so it asks for nothing: verdicts is a whole number, 0 or more;")]
    [InlineData("usecase.yaml", "readiness >= 80", "verdicts == 2.5", "usecase.yaml:27:13", "can never hold")]
    [InlineData("usecase.yaml", "readiness >= 80", "outcome.saving_pct >= -30", "usecase.yaml:27:13", "outcome.saving_pct is 0 to 100")]
    [InlineData("usecase.yaml", "readiness >= 80", "shadow.days < 0", "usecase.yaml:27:13", "shadow.days is 0 or more")]
    [InlineData("usecase.yaml", "target: -30%", "target: 30%", "usecase.yaml:11:11", "unplanned_downtime is to fall")]
    [InlineData("usecase.yaml", "target: -30%", "target: -130%", "usecase.yaml:11:11", "write -100% to 0%")]
    [InlineData("usecase.yaml", "target: -30%", "target: -30", "usecase.yaml:11:11", "a plain number is a share: -0.3")]
    [InlineData("usecase.yaml", "benefit: avoided_hours", "benefit: avoided_days", "usecase.yaml:20:12", "benefit: \"avoided_days\" has no value; did you mean \"avoided_hours\"?")]
    [InlineData("usecase.yaml", "benefit: avoided_hours", "benefit: avoided_hours / (2 - 2)", "usecase.yaml:20:28", "benefit: a division by 0")]
    [InlineData("usecase.yaml", "benefit: avoided_hours", "benefit: (avoided_hours", "usecase.yaml:20:51", "benefit: a bracket is not closed")]
    [InlineData("usecase.yaml", "once: 18000", "once: -18000", "usecase.yaml:21:16", "a cost is 0 or more")]
    [InlineData("usecase.yaml", "monthly: 900", "monthly: -1", "usecase.yaml:21:32", "a cost is 0 or more")]
    [InlineData("site.yaml", "value: 4200", "value: -4200", "site.yaml:5:26", "a price is 0 or more")]
    [InlineData("site.yaml", "acme/lyon/*/pump-*", "acme/lyon/[pump-*", "site.yaml:1:14", "'[' means nothing there; write tenant/site/device")]
    [InlineData("site.yaml", "acme/lyon/*/pump-*", "acme//pump-*", "site.yaml:1:14", "a level is empty")]
    [InlineData("site.yaml", "acme/lyon/*/pump-*", "pump-*", "site.yaml:1:14", "it has one level alone")]
    [InlineData("site.yaml", "acme/lyon/*/pump-*", "a/b/c/d/e/f/g/h", "site.yaml:1:14", "more than 7 levels")]
    [InlineData("site.yaml", "{pump: \"acme/lyon/*/pump-*\"}", "{pump: \"acme/lyon/*/pump-*\", pumb: \"acme/lyon/pumb-*\"}", "site.yaml:1:42", "the thing \"pumb\" is unknown; did you mean \"pump\"?")]
    [InlineData("usecase.yaml", "roles: [sponsor, ot_lead, maintenance]", "roles: []", "usecase.yaml:25:15", "the role \"sponsor\" is unknown; none is known here")]
    public void Says_where_what_and_why(string file, string old, string @new, string where, string said)
    {
        var before = _texts[file];
        _texts[file] = before.Replace("\r", "", StringComparison.Ordinal).Replace(old, @new, StringComparison.Ordinal);
        Assert.NotEqual(before, _texts[file]);
        var refusal = Read().Refusal;
        Assert.Equal("package.invalid", refusal.Code);
        Assert.Contains(where, refusal.Details.Where(d => d.Message.Contains(said, StringComparison.Ordinal)).Select(d => d.Where));
    }

    [Theory]
    [InlineData("usecase.yaml", "readiness >= 80", "readiness>=80")]
    [InlineData("usecase.yaml", "readiness >= 80", "readiness <= 100")]
    [InlineData("usecase.yaml", "target: -30%", "target: -100%")]
    [InlineData("usecase.yaml", "benefit: avoided_hours", "benefit: (saved_hours - work.planned) / (avoided_hours - 10)")]
    [InlineData("usecase.yaml", "once: 18000", "once: 0")]
    [InlineData("site.yaml", "acme/lyon/*/pump-*", "acme/**")]
    public void Takes_what_lies_at_the_ends(string file, string old, string @new)
    {
        _texts[file] = _texts[file].Replace(old, @new, StringComparison.Ordinal);
        var read = Read();
        Assert.True(read.IsOk, read.IsOk ? "" : string.Join('\n', read.Refusal.Details));
        Assert.All(read.Value.UseCase.Gates.SelectMany(gate => gate.Needs), need => Assert.DoesNotMatch("[a-z][<>=]", need.Text));
    }

    [Fact]
    public void A_pipeline_parameter_nobody_supplies_is_named_with_its_place()
    {
        _texts["pipeline.sql"] = _texts["pipeline.sql"].Replace("load)) WHERE", "load)) WHERE load > ${load_min} AND", StringComparison.Ordinal);
        Assert.Contains(Read().Refusal.Details, d => d.Where == "pipeline.sql:6:103" && d.Message.Contains("${load_min}", StringComparison.Ordinal));
        _texts["site.yaml"] += "\nload_min: 20";
        Assert.Equal(20, Read().Value.Site!.Parameters["load_min"]);
    }

    [Theory]
    [InlineData("usecase.yaml")]
    [InlineData("rollout.yaml")]
    [InlineData("pipeline.sql")]
    public void A_missing_file_is_named(string file)
    {
        _texts.Remove(file);
        Assert.Contains(Read().Refusal.Details, d => d.Where == $"{file}:1:1");
    }

    [Fact]
    public void Shows_all_faults_of_one_reading()
    {
        _texts["rollout.yaml"] = _texts["rollout.yaml"].Replace("PT30M", "soon", StringComparison.Ordinal);
        _texts["usecase.yaml"] = _texts["usecase.yaml"].Replace("unit: h", "unit: x", StringComparison.Ordinal);
        Assert.True(Read().Refusal.Details.Count >= 2);
    }

    [Theory]
    [InlineData("../usecase.yaml")]
    [InlineData("/etc/passwd")]
    [InlineData("a/./b")]
    [InlineData("a\\b")]
    public void A_path_out_of_the_package_is_refused(string path)
    {
        _texts[path] = "x";
        Assert.Equal("package.path", Read().Refusal.Code);
    }

    [Fact]
    public void Hostile_nesting_is_refused_before_it_is_built()
    {
        _texts["usecase.yaml"] = "a: " + new string('[', 100_000);
        Assert.Contains(Read().Refusal.Details, d => d.Message.Contains("deeper", StringComparison.Ordinal));
        _texts["usecase.yaml"] = "a: " + new string('x', 600_000);
        Assert.Contains(Read().Refusal.Details, d => d.Message.Contains("bytes", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("predictive-maintenance", "site.yaml")]
    [InlineData("predictive-maintenance", "site.demo.yaml")]
    [InlineData("pump-bearings", "site.yaml")]
    [InlineData("pump-bearings", "site.demo.yaml")]
    public void The_samples_are_sound(string sample, string site)
    {
        var folder = Path.Combine(Pilotage.Tests.Architecture.Repository.Root, "samples", sample);
        var read = PackageReader.ReadFolder(folder, site);
        Assert.True(read.IsOk, read.IsOk ? "" : string.Join('\n', read.Refusal.Details));
    }

    private Pilotage.Core.Outcome<UseCasePackage> Read() => PackageReader.Read(SamplePackage.Bytes(_texts));
}
