using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>Messages of sources that nobody can read over HTTP: listed, tried again by the mapping as it is now, or discarded.</summary>
internal static class DeadLetterEndpoints
{
    private const int PageDefault = 100;
    private const int PageMax = 1_000;
    private const int ShownBytes = 4 * 1024;
    private const int BatchMax = 100;
    private const int ReasonsMax = 20;

    /// <summary>One message as it came: text, or Base64 where it is none, and only its beginning where it is long.</summary>
    internal sealed record DeadLetterRow(
        long Id, string Source, string Topic, DateTimeOffset Received, string Reason, int Bytes, bool Cut, bool Retained, string? ContentType, string? Payload, string? PayloadBase64);

    internal sealed record DeadLetterPage(IReadOnlyList<DeadLetterRow> Items, long? NextCursor, long Total);

    /// <summary>What became of those that were meant: read by now and stored, or discarded; those that cannot be read still stay.</summary>
    /// <param name="NotFound">Ids that no dead letter has.</param>
    /// <param name="Reasons">Why the first of those that stay do, 20 at most.</param>
    internal sealed record LettersDecidedView(int Messages, int Kept, string? Why, IReadOnlyList<long> NotFound, IReadOnlyList<KeptReason> Reasons);

    public static IResult List(string? source, long? cursor, int? limit, Principal who, DeadLetters letters) =>
        QueryBounds.Place("cursor", cursor, 0).Then(after => QueryBounds.Limit(limit, PageDefault, PageMax).Then(size =>
        {
            var rows = letters.Read(who.Tenant, source, null, after, size + 1, ShownBytes);
            return (Outcome<DeadLetterPage>)new DeadLetterPage([.. rows.Take(size).Select(Row)], rows.Count > size ? rows[size - 1].Id : null, letters.CountOf(who.Tenant));
        })).ToHttp();

    /// <summary>Reads them by the mapping as it is now; killed in between, what was stored is stored again at the same time, which changes nothing.</summary>
    public static async Task<IResult> RetryAsync(
        string source, string? id, Principal who, SourceBook sources, DeadLetters letters, MappedMessages messages, IAudit audit, CancellationToken cancellation)
    {
        if (!sources.Find(who.Tenant, source).TryGet(out var run, out var refusal) || !ChosenIds.Parse("id", id).TryGet(out var ids, out refusal)
            || !Missing(who, letters, source, ids).TryGet(out var missing, out refusal))
        {
            return refusal.ToHttp();
        }

        if (run.Rules is not { } table)
        {
            return new Refusal("fabric.source.mapping", $"The mapping {run.Source.Settings.Mapping} is not there, or not read by this version; send it anew.").ToHttp();
        }

        var (read, kept, after, reasons) = (0, 0, 0L, new List<KeptReason>());
        string? why = null;
        while (letters.Read(who.Tenant, source, ids, after, BatchMax, int.MaxValue) is { Count: > 0 } batch)
        {
            cancellation.ThrowIfCancellationRequested();
            var results = await Task.WhenAll(batch.Select(letter => messages.StoreAsync(table, letter.Message, isKept: true)));
            var done = batch.Where((_, at) => results[at].Fate != MappedFate.Unmapped).Select(letter => letter.Id).ToList();
            letters.Remove(who.Tenant, done);
            reasons.AddRange(batch.Zip(results).Where(pair => pair.Second.Fate == MappedFate.Unmapped).Take(ReasonsMax - reasons.Count)
                .Select(pair => new KeptReason(pair.First.Id, $"{pair.First.Message.Topic}: {pair.Second.Why}")));
            why ??= results.FirstOrDefault(result => result.Fate == MappedFate.Unmapped)?.Why;
            (read, kept, after) = (read + done.Count, kept + batch.Count - done.Count, batch[^1].Id);
        }

        audit.Record(who, "fabric.deadletter.retry", Shown(source), "done", $"{read} messages");
        return TypedResults.Ok(new LettersDecidedView(read, kept, why, missing, reasons));
    }

    /// <summary>Discards them; those of a source that is not there any more too.</summary>
    public static IResult Discard(string? source, string? id, bool? all, Principal who, SourceBook sources, DeadLetters letters, IAudit audit) => source is null && id is null && all != true
        ? QueryBounds.Refused("all", "is not true, and nothing else says which messages are meant; give source or id, or all=true").ToHttp()
        : ChosenIds.Parse("id", id).Then(ids => Missing(who, letters, source, ids).Then(missing =>
        {
            if (source is not null && letters.Read(who.Tenant, source, null, 0, 1, 0).Count == 0 && !sources.Find(who.Tenant, source).TryGet(out _, out var unknown))
            {
                return unknown;
            }

            var discarded = 0;
            while (letters.Read(who.Tenant, source, ids, 0, PageMax, 0) is { Count: > 0 } batch)
            {
                discarded += letters.Remove(who.Tenant, [.. batch.Select(letter => letter.Id)]);
            }

            audit.Record(who, "fabric.deadletter.discard", source is null ? id ?? "all" : Shown(source), "done", $"{discarded} messages");
            return (Outcome<LettersDecidedView>)new LettersDecidedView(discarded, 0, null, missing, []);
        })).ToHttp();

    /// <summary>Those of the ids that no dead letter of the source has; refused where that is all of them.</summary>
    private static Outcome<IReadOnlyList<long>> Missing(Principal who, DeadLetters letters, string? source, long[]? ids) => ids is null
        ? (Outcome<IReadOnlyList<long>>)Array.Empty<long>()
        : ChosenIds.Missing(ids, letters.Read(who.Tenant, source, ids, 0, ChosenIds.IdsMax, 0).Select(letter => letter.Id), words =>
            new Refusal("fabric.deadletter.not_found", $"No dead letter{(source is null ? "" : $" of {Shown(source)}")} has the id {words}; nothing was done. See which there are: pilotage source dead-letters"));

    private static DeadLetterRow Row(DeadLetter letter)
    {
        var message = letter.Message;
        var payload = message.Payload.Span;
        var isText = Utf8.IsValid(payload);
        return new DeadLetterRow(
            letter.Id, letter.Source, message.Topic, Clock.FromNs(message.ReceivedNs), letter.Reason, letter.Bytes, payload.Length < letter.Bytes, message.IsRetained, message.ContentType,
            isText ? Encoding.UTF8.GetString(payload) : null, isText ? null : Convert.ToBase64String(payload));
    }

    private static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";
}
