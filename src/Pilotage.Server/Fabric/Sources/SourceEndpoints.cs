using System.Text;
using Microsoft.AspNetCore.Http;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>Foreign brokers over HTTP. What is secret goes in and never out.</summary>
internal static class SourceEndpoints
{
    private const int SecondsDefault = 10;
    private const int SecondsMax = 60;

    /// <summary>A broker to be read.</summary>
    internal sealed record SourceBody(
        string Url, IReadOnlyList<string> Topics, string Mapping, int? Qos, string? Version, string? UserName, string? Password, string? CaPem, string? CertificatePem, string? KeyPem, string? ClientId, int? SessionHours);

    /// <summary>The same, to be listened to for some seconds; a mapping as its text takes the place of the one that is named.</summary>
    internal sealed record ListenBody(string Name, SourceBody Source, string? Document, int? Seconds);

    /// <summary>A source and how it stands; counted since the server started.</summary>
    /// <param name="State">connected, connecting, refused, paused, or stalled: connected, and nothing can be stored.</param>
    /// <param name="LagSeconds">How much later than its own time the last message that has one was stored.</param>
    internal sealed record SourceView(
        string Name, string Url, string Mapping, string State, string? Why, DateTimeOffset Since, bool SessionPresent, IReadOnlyList<FilterView> Topics, SourceCountsView Counts, DateTimeOffset? Last, double? LagSeconds,
        int Qos, string Version, string ClientId, int SessionHours, string? UserName, bool HasPassword, bool HasCertificate, string AddedBy, DateTimeOffset Added, IReadOnlyList<string> Notes);

    internal sealed record FilterView(string Topic, string Answer);

    internal sealed record SourceCountsView(long Received, long Stored, long Kept, long Unmapped, long Skipped, long Waiting, long Dropped, long Connections);

    internal sealed record SourceList(IReadOnlyList<SourceView> Items);

    /// <summary>What was heard in some seconds, and what it would become.</summary>
    internal sealed record HeardView(IReadOnlyList<FilterView> Topics, long Messages, int Seen, int Seconds, IReadOnlyList<MappingPreview.Outlook> Items, IReadOnlyList<string> Notes);

    /// <summary>What was taken away.</summary>
    internal sealed record SourceRemovedView(string Name, bool SessionEnded, string Note);

    public static IResult List(Principal who, SourceBook sources) => TypedResults.Ok(new SourceList([.. sources.All(who.Tenant).Select(View)]));

    public static IResult Show(string name, Principal who, SourceBook sources) => sources.Find(who.Tenant, name).ToHttp(run => TypedResults.Ok(View(run)));

    public static async Task<IResult> PutAsync(string name, SourceBody body, HttpRequest request, Principal who, SourceBook sources, IAudit audit, CancellationToken cancellation)
    {
        var put = await sources.PutAsync(who, name, body, request.Headers.IfNoneMatch == "*", cancellation);
        audit.Record(who, "fabric.source.write", Shown(name), put.IsOk ? "done" : "refused", put.IsOk ? $"{put.Value.Source.Settings.Url} by {put.Value.Source.Settings.Mapping}" : put.Refusal.Code);
        return put.ToHttp(run => TypedResults.Ok(View(run)));
    }

    public static async Task<IResult> RemoveAsync(string name, Principal who, SourceBook sources, IAudit audit, CancellationToken cancellation)
    {
        var removed = await sources.RemoveAsync(who.Tenant, name, cancellation);
        audit.Record(who, "fabric.source.delete", Shown(name), removed.IsOk ? "done" : "refused", removed.IsOk ? null : removed.Refusal.Code);
        return removed.ToHttp(end => TypedResults.Ok(new SourceRemovedView(name, end == SessionEnd.Ended, end switch
        {
            SessionEnd.Ended => "The broker keeps nothing for it any more.",
            SessionEnd.Refused => "The broker refused the connection, so a session that it has was not ended; it keeps messages for it until that runs out there.",
            SessionEnd.Unanswered => "The broker did not answer: it keeps messages for the session until that runs out there.",
            _ => "The source was paused, so its session at the broker was left alone: another server may use it. The broker keeps messages for it until it runs out there.",
        })));
    }

    public static Task<IResult> PauseAsync(string name, Principal who, SourceBook sources, IAudit audit, CancellationToken cancellation) =>
        PauseAsync(name, $"{who.Id} paused it", who, sources, audit, cancellation);

    public static Task<IResult> ResumeAsync(string name, Principal who, SourceBook sources, IAudit audit, CancellationToken cancellation) => PauseAsync(name, null, who, sources, audit, cancellation);

    private static async Task<IResult> PauseAsync(string name, string? why, Principal who, SourceBook sources, IAudit audit, CancellationToken cancellation)
    {
        var paused = await sources.PauseAsync(who.Tenant, name, why, cancellation);
        audit.Record(who, why is null ? "fabric.source.resume" : "fabric.source.pause", Shown(name), paused.IsOk ? "done" : "refused", paused.IsOk ? null : paused.Refusal.Code);
        return paused.ToHttp(run => TypedResults.Ok(View(run)));
    }

    public static async Task<IResult> PreviewAsync(ListenBody body, Principal who, SourcePreview preview, MappingBook mappings, IAudit audit, CancellationToken cancellation)
    {
        var asked = QueryBounds.Within("seconds", body.Seconds, SecondsDefault, 1, SecondsMax).Then(seconds => MappingOf(body, who, mappings)
            .Then(mapping => SourceReader.Read(body.Name, body.Source, null, body.Name).Then(read => (Outcome<Request>)new Request(seconds, mapping, read.Settings, read.Secrets))));
        var heard = asked.TryGet(out var request, out var refusal) ? await ListenAsync(request, body.Name, who, preview, cancellation) : refusal;
        audit.Record(who, "fabric.source.preview", Shown(body.Name), heard.IsOk ? "done" : "refused", heard.IsOk ? $"{heard.Value.Messages} messages" : heard.Refusal.Code);
        return heard.ToHttp();
    }

    private static async Task<Outcome<HeardView>> ListenAsync(Request request, string name, Principal who, SourcePreview preview, CancellationToken cancellation)
    {
        var table = new RuleTable(request.Mapping, who.Tenant, name);
        var heard = await preview.ListenAsync(request.Settings, request.Secrets, table, TimeSpan.FromSeconds(request.Seconds), cancellation);
        return heard.Then(found => (Outcome<HeardView>)new HeardView(
            [.. found.Granted.Select(one => Filter(one.Topic, one.Reason))], found.Messages, found.Topics, request.Seconds, found.Outlooks, [.. request.Mapping.Notes, .. Promise(request.Settings)]));
    }

    private static Outcome<TopicMapping> MappingOf(ListenBody body, Principal who, MappingBook mappings) =>
        body.Document is { } document ? mappings.Read(who.Tenant, "mapping", Encoding.UTF8.GetBytes(document))
        : mappings.Find(who.Tenant, body.Source.Mapping) is { } mapping ? mapping
        : mappings.Stored(who.Tenant, body.Source.Mapping).Then(_ => (Outcome<TopicMapping>)new Refusal("fabric.source.mapping", $"The mapping {body.Source.Mapping} is not read by this version; send it anew."));

    private static SourceView View(SourceRun run)
    {
        var (settings, state, counts) = (run.Source.Settings, run.State, run.Counts);
        var granted = run.Granted;
        return new SourceView(
            settings.Name, settings.Url, settings.Mapping, WordOf(run), run.Source.Paused ?? run.Stall ?? (state.Connected ? null : state.Why), Clock.FromNs(run.SinceNs), state.SessionPresent,
            [.. settings.Topics.Select(topic => granted.TryGetValue(topic, out var reason) ? Filter(topic, reason) : new FilterView(topic, run.Source.Paused is null ? "not answered yet" : "paused"))],
            new SourceCountsView(
                counts.Taken, counts.Of(MappedFate.Stored), counts.Of(MappedFate.Kept), counts.Of(MappedFate.Unmapped), counts.Of(MappedFate.Skipped), counts.Waiting, run.Dropped, run.Connections),
            counts.LastNs > 0 ? Clock.FromNs(counts.LastNs) : null, counts.LagNs < 0 ? null : counts.LagNs / 1e9,
            settings.Qos, settings.Version, settings.ClientId, settings.SessionHours, settings.UserName, run.Source.Secrets.Password is not null, settings.CertificatePem is not null, run.Source.WrittenBy,
            Clock.FromNs(run.Source.WrittenNs), [.. run.Source.Paused is null ? [] : Paused(settings.Name), .. Promise(settings)]);
    }

    private static string WordOf(SourceRun run) => run switch
    {
        { Source.Paused: not null } => "paused",
        { State.Connected: true, Stall: not null } => "stalled",
        { State.Connected: true } => "connected",
        { State.Reason: MqttReason.ServerUnavailable } => "connecting",
        { State.Reason: var reason } when reason.IsFailure() => "refused",
        _ => "connecting",
    };

    private static IEnumerable<string> Paused(string name) =>
        [$"It is not read until somebody resumes it: pilotage source resume {name}. Before that, stop any other server that reads it under the same client id, or give this one another with --replace --client-id."];

    /// <summary>What is promised, and what is not.</summary>
    private static IEnumerable<string> Promise(SourceSettings settings)
    {
        yield return settings.Qos == 0
            ? "Subscribed with QoS 0: the broker keeps nothing for us, and what it sends while this server is away or busy is lost. What is stored here is durable from then on."
            : "A message is acknowledged to the broker once it is on disk here; our promise begins there. Until then the broker has it, for as long as it keeps the session "
            + $"({settings.SessionHours} h are asked for). What is published with QoS 0 has no such promise.";
        if (SourceAddress.Parse(settings.Url).TryGet(out var address, out _) && !address.IsSecure)
        {
            yield return $"{address.Scheme}:// is not encrypted{(settings.UserName is null ? "" : ", and neither are user and password")}.";
        }
    }

    private static FilterView Filter(string topic, MqttReason reason) => new(topic, reason.IsFailure() ? $"refused: {reason}" : $"QoS {(int)reason}");

    private static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";

    private sealed record Request(int Seconds, TopicMapping Mapping, SourceSettings Settings, SourceSecrets Secrets);
}
