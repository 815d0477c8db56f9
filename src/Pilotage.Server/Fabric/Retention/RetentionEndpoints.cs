using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using System.Xml;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Retention;

/// <summary>Rules of retention over HTTP.</summary>
internal static partial class RetentionEndpoints
{
    private const int SeriesShown = 100;
    private const int TextCharsMax = 512;
    private static readonly TimeSpan KeepMin = TimeSpan.FromHours(1);
    private static readonly TimeSpan KeepMax = TimeSpan.FromDays(36_500);

    /// <summary>A rule as it is sent; durations are ISO 8601 of days and shorter parts.</summary>
    /// <param name="Path">Devices by their path; all where none is given.</param>
    /// <param name="Thing">Devices of a thing type.</param>
    /// <param name="Property">One property; all of them without one.</param>
    /// <param name="Keep">So long back from now every point stays: PT1H to P36500D.</param>
    /// <param name="RollUp">Windows that are left of the points: PT1M, PT1H or P1D; nothing is left without.</param>
    /// <param name="RollUpKeep">How long the windows stay; for good without.</param>
    internal sealed record RetentionBody(string? Path, string? Thing, string? Property, string Keep, string? RollUp, string? RollUpKeep);

    /// <param name="Note">What should be known of it, such as that it governs nothing now; null where nothing should.</param>
    /// <param name="LastCut">What went by it with the last sweep since the start that found something; null where none did.</param>
    internal sealed record RetentionRow(
        string Name, string? Path, string? Thing, string? Property, string Keep, string? RollUp, string? RollUpKeep, string WrittenBy, DateTimeOffset Written, string? Note, RuleCutView? LastCut);

    /// <summary>What went by a rule with one sweep.</summary>
    /// <param name="Series">Series of which points went.</param>
    /// <param name="Points">Points that went; of a series with more than 100,000 of them about how many.</param>
    /// <param name="Windows">Windows that were left of them.</param>
    /// <param name="WindowsGone">Windows that went because they were too old themselves.</param>
    /// <param name="At">When the sweep was.</param>
    internal sealed record RuleCutView(string Rule, long Series, long Points, long Windows, long WindowsGone, DateTimeOffset At);

    /// <param name="LastSweep">When points were looked through last; null before the first time.</param>
    /// <param name="SeriesCut">Series of which points went then.</param>
    /// <param name="Waits">Why the next sweep waits.</param>
    /// <param name="Failed">Why the last one ended too early.</param>
    internal sealed record RetentionList(IReadOnlyList<RetentionRow> Items, DateTimeOffset? LastSweep, long SeriesCut, string? Waits, string? Failed);

    /// <summary>What a sweep would delete.</summary>
    /// <param name="Points">About how many, counted by blocks.</param>
    /// <param name="Items">The series, those with most points first, 100 at most.</param>
    /// <param name="WindowsGone">Windows that would go because they are too old themselves: those that are there, and those that would be made of points as old.</param>
    /// <param name="Note">What should be known of the rule; null where nothing should.</param>
    internal sealed record RetentionPreview(int Devices, int Series, long Points, long WindowsGone, IReadOnlyList<ExpiredRow> Items, string? Note);

    /// <param name="Until">The first time that stays.</param>
    /// <param name="RollUp">Length of the windows that are left; null where nothing is.</param>
    internal sealed record ExpiredRow(string Device, string Property, string Rule, DateTimeOffset Oldest, DateTimeOffset Until, long Points, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? RollUp);

    internal sealed record SweepBody(bool? Force);

    /// <summary>What went, rule by rule.</summary>
    /// <param name="Items">Rules by which nothing went are not among them.</param>
    internal sealed record SweepView(DateTimeOffset? LastSweep, long SeriesCut, long Points, long Windows, long WindowsGone, string? Waits, string? Failed, IReadOnlyList<RuleCutView> Items);

    public static IResult List(Principal who, RetentionBook rules, RetentionSweep sweep)
    {
        var state = sweep.State;
        var (cuts, found) = (Cuts(state.Cuts, who), Cuts(state.Found, who));
        return TypedResults.Ok(new RetentionList(
            [.. rules.Of(who.Tenant).OrderBy(rule => rule.Name, StringComparer.Ordinal).Select(rule => Row(rule, sweep) with { LastCut = found.FirstOrDefault(cut => cut.Rule == rule.Name) })],
            TimeOf(state.LastNs), cuts.Sum(cut => cut.Series), state.Waits, state.Failed));
    }

    public static IResult Put(string name, RetentionBody body, HttpRequest request, Principal who, RetentionBook rules, RetentionSweep sweep, IAudit audit, TimeProvider time)
    {
        var put = Read(name, body, who, time.NowNs()).Then(rule => rules.Put(rule, request.Headers.IfNoneMatch == "*"));
        audit.Record(who, "fabric.retention.write", Shown(name), put.IsOk ? "done" : "refused", put.IsOk ? FormattableString.Invariant($"keep {body.Keep}, roll-up {body.RollUp ?? "none"}") : put.Refusal.Code);
        return put.ToHttp(rule => TypedResults.Ok(Row(rule, sweep)));
    }

    public static IResult Remove(string name, Principal who, RetentionBook rules, RetentionSweep sweep, IAudit audit)
    {
        var removed = rules.Remove(who.Tenant, name);
        audit.Record(who, "fabric.retention.write", Shown(name), removed.IsOk ? "removed" : "refused", removed.IsOk ? null : removed.Refusal.Code);
        return removed.ToHttp(rule => TypedResults.Ok(Row(rule, sweep) with { Note = null }));
    }

    /// <summary>What the next sweep would delete with this rule beside those in force, in the place of one of its name.</summary>
    public static IResult Preview(string name, RetentionBody body, Principal who, RetentionBook rules, RetentionSweep sweep, TimeProvider time) => Read(name, body, who, time.NowNs()).ToHttp(rule =>
    {
        RetentionRule[] all = [.. rules.Of(who.Tenant).Where(other => other.Name != name), rule];
        var expired = sweep.Expired(all, time.NowNs()).ToList();
        var most = expired.OrderByDescending(series => series.Points).ThenBy(series => series.Key.Device.Value, StringComparer.Ordinal).ThenBy(series => series.Key.Property, StringComparer.Ordinal);
        var windows = sweep.WindowsGone(all, expired, time.NowNs());
        var emptied = expired.Count(series => series.Rule.RollUpNs is not null && !series.IsText && sweep.LeavesNothing(series, time.NowNs()));
        return TypedResults.Ok(new RetentionPreview(
            expired.Select(series => series.Key.Device).Distinct().Count(), expired.Count, expired.Sum(series => series.Points), windows,
            [.. most.Take(SeriesShown).Select(series => Row(series, sweep.LeavesNothing(series, time.NowNs())))], sweep.WhyIdle(rule) ?? OldWindows(windows, emptied)));
    });

    private static string? OldWindows(long windows, int emptied) => windows == 0
        ? null
        : $"{windows} windows are already older than rollUpKeep and would be gone at once{(emptied > 0 ? $"; of the points that would go of {emptied} series, nothing would be left" : "")}";

    public static async Task<IResult> SweepAsync(SweepBody body, Principal who, RetentionSweep sweep, IAudit audit, CancellationToken cancellation)
    {
        var state = await sweep.SweepAsync(who.Tenant, body.Force == true, cancellation);

        // Where it waits or failed, what the one before deleted is not this one's.
        var cuts = state.Waits is null && state.Failed is null ? Cuts(state.Cuts, who) : [];
        var told = new SweepView(
            TimeOf(state.LastNs), cuts.Sum(cut => cut.Series), cuts.Sum(cut => cut.Points), cuts.Sum(cut => cut.Windows), cuts.Sum(cut => cut.WindowsGone), state.Waits, state.Failed, cuts);
        audit.Record(
            who, "fabric.retention.sweep", who.Tenant.Value, state.Failed is null ? state.Waits is null ? "done" : "waits" : "failed",
            FormattableString.Invariant($"{told.SeriesCut} series, {told.Points} points, {told.Windows} windows left, {told.WindowsGone} windows gone"));
        return TypedResults.Ok(told);
    }

    private static RetentionRow Row(RetentionRule rule, RetentionSweep sweep) => new(
        rule.Name, rule.Path, rule.Thing, rule.Property, Word(rule.KeepNs)!, Word(rule.RollUpNs), Word(rule.RollUpKeepNs), rule.WrittenBy, Clock.FromNs(rule.WrittenNs), sweep.WhyIdle(rule), null);

    private static List<RuleCutView> Cuts(IReadOnlyList<RuleCut> cuts, Principal who) =>
        [.. cuts.Where(cut => cut.Tenant == who.Tenant).OrderBy(cut => cut.Rule, StringComparer.Ordinal).Select(cut => new RuleCutView(cut.Rule, cut.Series, cut.Points, cut.Windows, cut.WindowsGone, Clock.FromNs(cut.AtNs)))];

    private static ExpiredRow Row(RetentionSweep.ExpiredSeries series, bool leavesNothing) => new(
        series.Key.Device.Value, series.Key.Property, series.Rule.Name, Clock.FromNs(series.OldestNs), Clock.FromNs(series.FloorNs), series.Points, leavesNothing ? null : Word(series.Rule.RollUpNs));

    private static Outcome<RetentionRule> Read(string name, RetentionBody body, Principal who, long nowNs)
    {
        if (!RuleName().IsMatch(name))
        {
            return Bad("name", $"\"{Shown(name)}\" is no name of a rule; it begins with a letter and has at most 63 small letters, digits, - and _");
        }

        foreach (var (field, text) in new[] { ("path", body.Path), ("thing", body.Thing), ("property", body.Property) })
        {
            if (text is { Length: 0 or > TextCharsMax })
            {
                return Bad(field, text.Length == 0 ? "is empty; leave it out for all of them" : $"has more than {TextCharsMax} characters");
            }
        }

        if (!Duration("keep", body.Keep).TryGet(out var keepNs, out var refusal))
        {
            return refusal;
        }

        long? rollUpKeepNs = null;
        if (body.RollUpKeep is { } rollUpKeep)
        {
            if (body.RollUp is null)
            {
                return Bad("rollUpKeep", "says how long windows stay, and there are none; give rollUp too: PT1M, PT1H or P1D");
            }

            if (!Duration("rollUpKeep", rollUpKeep).TryGet(out var read, out refusal))
            {
                return refusal;
            }

            if (read <= keepNs)
            {
                return Bad("rollUpKeep", $"is {rollUpKeep}, not longer than keep ({body.Keep}); windows outlive the points they are made of");
            }

            rollUpKeepNs = read;
        }

        var window = body.RollUp switch
        {
            null => 0,
            "PT1M" => RollUps.Lengths[0].Ns,
            "PT1H" => RollUps.Lengths[1].Ns,
            "P1D" => RollUps.Lengths[2].Ns,
            _ => -1,
        };
        return window < 0
            ? Bad("rollUp", $"is \"{Shown(body.RollUp!)}\"; give PT1M, PT1H or P1D, or leave it out to keep nothing of the points")
            : new RetentionRule(who.Tenant, name, body.Path, body.Thing, body.Property, keepNs, window == 0 ? null : window, rollUpKeepNs, who.Id, nowNs);
    }

    private static Outcome<long> Duration(string field, string text)
    {
        try
        {
            // Years and months have no length of their own.
            var length = text.Split('T')[0].AsSpan().ContainsAny('Y', 'M') ? TimeSpan.Zero : XmlConvert.ToTimeSpan(text);
            if (length >= KeepMin && length <= KeepMax)
            {
                return length.Ticks * TimeSpan.NanosecondsPerTick;
            }
        }
        catch (Exception bad) when (bad is FormatException or OverflowException)
        {
            // Said below.
        }

        return Bad(field, $"is \"{Shown(text)}\"; give an ISO 8601 duration of days and shorter parts, PT1H to P{KeepMax.Days}D, for example P90D");
    }

    private static Refusal Bad(string field, string says) => new("fabric.retention.invalid", $"{field} {says}.") { Details = [new($"/{field}", says)] };

    private static string? Word(long? ns) => ns is { } length ? XmlConvert.ToString(TimeSpan.FromTicks(length / TimeSpan.NanosecondsPerTick)) : null;

    private static DateTimeOffset? TimeOf(long? ns) => ns is { } at ? Clock.FromNs(at) : null;

    private static string Shown(string text) => text.Length <= 60 ? text : text[..60] + "…";

    [GeneratedRegex("^[a-z][a-z0-9_-]{0,62}$")]
    private static partial Regex RuleName();
}
