using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Sources;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>Mappings over HTTP.</summary>
internal static class MappingEndpoints
{
    /// <summary>Most messages of one preview.</summary>
    public const int SamplesMax = 1_000;

    private const string Media = "application/yaml";
    private const string PreviewSource = "preview";
    private const int ChunkBytes = 16 * 1024;

    /// <summary>A mapping that is kept.</summary>
    internal sealed record MappingRow(string Name, int Version, int Rules, string? Description, string Digest, string WrittenBy, DateTimeOffset Written, IReadOnlyList<string> Notes);

    internal sealed record MappingList(IReadOnlyList<MappingRow> Items);

    /// <summary>A mapping with its rules in the order in which they are asked.</summary>
    internal sealed record MappingView(
        string Name, int Version, string? Description, int DevicesMax, string Digest, string WrittenBy, DateTimeOffset Written, IReadOnlyList<int> Versions, IReadOnlyList<RuleView> Rules,
        IReadOnlyList<string> Notes);

    internal sealed record RuleView(string Rule, long Line, string Topic, string Device, string Thing, string? Property, string Payload, string? Time);

    /// <summary>A mapping as its text, and messages to try it on.</summary>
    internal sealed record MappingPreviewBody(string Mapping, IReadOnlyList<MappingSampleBody> Samples, string? Source);

    /// <summary>A message: payload as text, or as Base64 where it is none.</summary>
    internal sealed record MappingSampleBody(string Topic, string? Payload, string? PayloadBase64, string? ContentType, bool? Retained);

    internal sealed record MappingPreviewView(string Name, int Version, IReadOnlyList<string> Notes, IReadOnlyList<MappingPreview.Outlook> Items);

    /// <summary>What was taken away.</summary>
    internal sealed record MappingRemovedView(string Name, string Note);

    public static IResult List(Principal who, MappingBook mappings) =>
        TypedResults.Ok(new MappingList([.. mappings.All(who.Tenant).Select(stored => Row(stored, mappings.Find(who.Tenant, stored.Name)))]));

    public static IResult Show(string name, Principal who, MappingBook mappings) => mappings.Stored(who.Tenant, name).ToHttp(stored =>
    {
        var read = mappings.Find(who.Tenant, name);
        return TypedResults.Ok(new MappingView(
            stored.Name, stored.Version, read?.Description, read?.DevicesMax ?? 0, stored.Digest.ToString(), stored.WrittenBy, Clock.FromNs(stored.WrittenNs), mappings.Versions(who.Tenant, name),
            [.. (read?.Rules ?? []).OrderBy(rule => rule, Comparer<MappingRule>.Create((a, b) => a.Topic.CompareTo(b.Topic))).Select(View)], NotesOf(read)));
    });

    /// <summary>The document as it came, under its digest.</summary>
    public static IResult Document(string name, int? version, Principal who, MappingBook mappings) => mappings.Stored(who.Tenant, name, version).ToHttp(stored =>
        TypedResults.Bytes(stored.Document, Media, entityTag: new EntityTagHeaderValue($"\"{stored.Digest}\"")));

    public static async Task<IResult> PutAsync(string name, HttpRequest request, Principal who, MappingBook mappings, IAudit audit, CancellationToken cancellation)
    {
        var body = await ReadAsync(request, cancellation);
        var put = body.Then(document => mappings.Put(who, name, document, request.Headers.IfNoneMatch == "*"));
        audit.Record(who, "fabric.mapping.write", Shown(name), put.IsOk ? "done" : "refused", put.IsOk ? $"version {put.Value.Stored.Version}, {put.Value.Stored.Digest}" : put.Refusal.Code);
        return put.ToHttp(kept => TypedResults.Ok(Row(kept.Stored, kept.Mapping)));
    }

    public static IResult Remove(string name, Principal who, MappingBook mappings, SourceBook sources, IAudit audit)
    {
        var removed = sources.UsersOf(who.Tenant, name).FirstOrDefault() is { } user
            ? new Refusal("fabric.mapping.in_use", $"The source {user} reads by the mapping {name}; take it away first with: pilotage source remove {user} --yes")
            : mappings.Remove(who.Tenant, name);
        audit.Record(who, "fabric.mapping.delete", Shown(name), removed.IsOk ? "done" : "refused", removed.IsOk ? null : removed.Refusal.Code);
        return removed.ToHttp(gone => TypedResults.Ok(new MappingRemovedView(gone, "Devices and what was stored of them stay.")));
    }

    public static IResult Preview(MappingPreviewBody body, Principal who, MappingBook mappings, MappingPreview preview, TimeProvider time) =>
        SamplesOf(body.Samples, time.NowNs()).Then(samples => mappings.Read(who.Tenant, "mapping", Encoding.UTF8.GetBytes(body.Mapping)).Then(mapping =>
        {
            var table = new RuleTable(mapping, who.Tenant, body.Source ?? PreviewSource);
            return (Outcome<MappingPreviewView>)new MappingPreviewView(mapping.Name, mapping.Version, mapping.Notes, [.. samples.Select(sample => preview.Of(table, sample))]);
        })).ToHttp();

    private static Outcome<List<ForeignMessage>> SamplesOf(IReadOnlyList<MappingSampleBody> samples, long nowNs)
    {
        if (samples.Count > SamplesMax)
        {
            return Malformed("/samples", $"there are {samples.Count}; {SamplesMax} are the most of one preview");
        }

        var read = new List<ForeignMessage>(samples.Count);
        foreach (var (sample, at) in samples.Select((sample, at) => (sample, at)))
        {
            if (!MqttTopic.IsValidName(sample.Topic))
            {
                return Malformed($"/samples/{at}/topic", "is no topic of a message: give one without + and #");
            }

            if (sample.Payload is null == sample.PayloadBase64 is null)
            {
                return Malformed($"/samples/{at}", "give either payload, as text, or payloadBase64");
            }

            var bytes = sample.Payload is { } text ? Encoding.UTF8.GetBytes(text) : new byte[sample.PayloadBase64!.Length];
            var length = bytes.Length;
            if (sample.Payload is null && !Convert.TryFromBase64String(sample.PayloadBase64!, bytes, out length))
            {
                return Malformed($"/samples/{at}/payloadBase64", "is no Base64");
            }

            read.Add(new ForeignMessage(sample.Topic, bytes.AsMemory(0, length), sample.ContentType, sample.Retained == true, nowNs));
        }

        return read;
    }

    private static async Task<Outcome<ReadOnlyMemory<byte>>> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (request.ContentLength > TopicMapping.BytesMax)
        {
            return MappingReader.TooLarge();
        }

        var read = new ArrayBufferWriter<byte>();
        while (await request.Body.ReadAsync(read.GetMemory(ChunkBytes), cancellation) is > 0 and var count)
        {
            read.Advance(count);
            if (read.WrittenCount > TopicMapping.BytesMax)
            {
                return MappingReader.TooLarge();
            }
        }

        return (Outcome<ReadOnlyMemory<byte>>)read.WrittenMemory;
    }

    private static MappingRow Row(StoredMapping stored, TopicMapping? read) => new(
        stored.Name, stored.Version, read?.Rules.Count ?? 0, read?.Description, stored.Digest.ToString(), stored.WrittenBy, Clock.FromNs(stored.WrittenNs), NotesOf(read));

    private static IReadOnlyList<string> NotesOf(TopicMapping? read) => read?.Notes ?? ["it is not read by this version, and maps nothing until it is sent anew"];

    private static RuleView View(MappingRule rule) => new(
        rule.Name, rule.Line, rule.Topic.Text, rule.Device.Text, rule.Thing, rule.Property?.Text, rule.Payload.ToString().ToLowerInvariant(), rule.Time is { } time ? $"{time.Field} ({time.Form.ToString().ToLowerInvariant()})" : null);

    private static Refusal Malformed(string where, string says) => new("request.malformed", $"{where[1..]}: {says}.") { Details = [new(where, says)] };

    private static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";
}
