using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Sources;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Unmapped;

/// <summary>Topics that nothing maps over HTTP, and rules for them.</summary>
internal static class UnmappedEndpoints
{
    private const int PageDefault = 100;
    private const int PageMax = UnmappedBook.TopicsMax;

    /// <summary>A topic that nothing maps, some of its messages, and what they seem to be.</summary>
    internal sealed record UnmappedRow(
        string Source, string Topic, long Messages, DateTimeOffset First, DateTimeOffset Last, string Why, IReadOnlyList<UnmappedSampleView> Samples, string? Payload, string? TimeField,
        IReadOnlyList<ValueGuessView> Guesses, string? Problem);

    /// <summary>A message as it came: text, or Base64 where it is none, and only its beginning where it is long.</summary>
    internal sealed record UnmappedSampleView(DateTimeOffset Ts, int Bytes, bool Cut, bool Retained, string? Payload, string? PayloadBase64);

    /// <summary>What a value seems to be, how sure that is, and why; the field is empty for the payload itself.</summary>
    internal sealed record ValueGuessView(string Field, string Kind, string? Unit, string Confidence, string Why);

    internal sealed record UnmappedPage(IReadOnlyList<UnmappedRow> Items, long? NextCursor);

    /// <summary>A mapping to be looked at, edited and added.</summary>
    /// <param name="Mapping">Its name: that of the source's mapping where the rules stand in its next version.</param>
    /// <param name="Left">Topics that no rule was found for, with the reason.</param>
    internal sealed record ProposalView(string Mapping, string Source, string Document, int Rules, int Topics, IReadOnlyList<LeftOutView> Left, IReadOnlyList<string> Notes);

    internal sealed record LeftOutView(string Topic, string Why);

    public static IResult List(string? source, long? cursor, int? limit, Principal who, UnmappedBook unmapped, SourceBook sources) =>
        QueryBounds.Place("cursor", cursor, 0).Then(after => QueryBounds.Limit(limit, PageDefault, PageMax).Then(size =>
        {
            var rest = Still(who.Tenant, source, unmapped, sources).Skip((int)Math.Min(after, int.MaxValue)).Take(size + 1).ToList();
            return (Outcome<UnmappedPage>)new UnmappedPage([.. rest.Take(size).Select(Row)], rest.Count > size ? after + size : null);
        })).ToHttp();

    public static IResult Propose(string? source, string? topic, Principal who, UnmappedBook unmapped, SourceBook sources, MappingBook mappings)
    {
        var topics = Still(who.Tenant, source, unmapped, sources).Where(one => !one.HasRule && (topic is null || one.Topic == topic)).ToList();
        var from = topics.Select(one => one.Source).Distinct(StringComparer.Ordinal).ToList();
        return from switch
        {
            [] => new Refusal("fabric.unmapped.not_found", topic is null
                ? "There is no topic that nothing maps. What a source brings and no rule takes is collected here: pilotage source list"
                : $"Nothing unmapped came to {(topic.Length <= 80 ? topic : topic[..80] + "…")} since the server started. See what did: pilotage mapping unmapped").ToHttp(),
            [var only] => Proposal(only, topics, who, sources, mappings).ToHttp(),
            _ => QueryBounds.Refused("source", $"is missing: topics of {string.Join(", ", from)} are unmapped; give one of them").ToHttp(),
        };
    }

    private static Outcome<ProposalView> Proposal(string source, List<UnmappedTopic> topics, Principal who, SourceBook sources, MappingBook mappings)
    {
        var (rules, left) = RuleProposer.Of(topics);
        rules = [.. rules.Take(TopicMapping.RulesMax)];
        if (rules.Count == 0)
        {
            return new Refusal("fabric.unmapped.no_proposal", $"Nothing is proposed: of {left[0].Topic}, {left[0].Why}.") { Details = [.. left.Select(one => new RefusalDetail(one.Topic, one.Why))] };
        }

        var taken = sources.Find(who.Tenant, source).TryGet(out var run, out _) ? run.Source.Settings.Mapping : null;
        var mapping = taken is null ? null : mappings.Find(who.Tenant, taken);
        var merged = mapping is not null && mappings.Stored(who.Tenant, mapping.Name).TryGet(out var stored, out _)
            ? MappingWriter.WriteInto(Encoding.UTF8.GetString(stored.Document.Span), mapping, rules)
            : null;
        var name = merged is null ? NameFor(source) : taken!;
        IReadOnlyList<string> notes = merged is not null
            ? [$"these are the rules of {name} with the proposed ones before them; add it with: pilotage mapping add FILE --replace"]
            : [$"{(taken is null ? "" : $"the source {source} reads by {taken}: put these rules into it; ")}add it with: pilotage mapping add FILE"];
        return new ProposalView(name, source, merged ?? MappingWriter.Write(name, rules), rules.Count, rules.Sum(rule => rule.Topics.Count), [.. left.Select(one => new LeftOutView(one.Topic, one.Why))], notes);
    }

    /// <summary>What is unmapped still: a rule that was added since takes topics away from here.</summary>
    private static IEnumerable<UnmappedTopic> Still(TenantId tenant, string? source, UnmappedBook unmapped, SourceBook sources)
    {
        foreach (var topic in unmapped.All(tenant, source))
        {
            if (!topic.HasRule && sources.Find(tenant, topic.Source).TryGet(out var run, out _) && run.Takes(topic.Topic))
            {
                unmapped.Forget(tenant, topic.Source, topic.Topic);
            }
            else
            {
                yield return topic;
            }
        }
    }

    private static UnmappedRow Row(UnmappedTopic topic)
    {
        var guess = PayloadGuess.Of(topic);
        return new UnmappedRow(
            topic.Source, topic.Topic, topic.Messages, Clock.FromNs(topic.FirstNs), Clock.FromNs(topic.LastNs), topic.Why, [.. topic.Samples.Select(View)],
            guess.Problem is null ? guess.Form.ToString().ToLowerInvariant() : null, guess.TimeField, [.. guess.Fields.Select(View)], guess.Problem);
    }

    private static ValueGuessView View(FieldGuess field) => new(field.Field, field.Kind, field.Unit, field.Confidence.ToString().ToLowerInvariant(), field.Why);

    private static UnmappedSampleView View(UnmappedSample sample)
    {
        var isText = Utf8.IsValid(sample.Payload.Span);
        return new UnmappedSampleView(
            Clock.FromNs(sample.ReceivedNs), sample.Bytes, sample.IsCut, sample.IsRetained, isText ? Encoding.UTF8.GetString(sample.Payload.Span) : null, isText ? null : Convert.ToBase64String(sample.Payload.Span));
    }

    private static string NameFor(string source) => MappingReader.IsName(source + "-proposed") ? source + "-proposed" : "proposed";
}
