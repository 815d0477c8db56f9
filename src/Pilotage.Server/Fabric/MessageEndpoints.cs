using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Link;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric;

/// <summary>Topics and their messages over HTTP: counted, live, and published by an operator.</summary>
internal static class MessageEndpoints
{
    private const int LevelsDefault = 1_000;
    private const int LevelsMax = 20_000;
    private const int DepthMax = 16;
    private const int TargetCharsMax = 200;

    /// <summary>Levels of the topics, each before those below it. Truncated says that there are more than were asked for.</summary>
    internal sealed record TopicTree(IReadOnlyList<TopicLevel> Items, bool Truncated);

    /// <summary>One level: messages at and below it since the server started, and when the last one came.</summary>
    internal sealed record TopicLevel(string Topic, int Depth, int Topics, long Messages, DateTimeOffset Last);

    /// <summary>A message to be published: payload as text, or as Base64 where it is none.</summary>
    internal sealed record MessageBody(string Topic, string? Payload, string? PayloadBase64, int? Qos, bool? Retain, string? ContentType);

    /// <summary>What was stored. Note says why it was kept aside, if it was not understood.</summary>
    internal sealed record PublishedView(string Topic, string Device, int Bytes, int Qos, bool Retained, string? Note);

    /// <summary>A message as it came; payload is text, or Base64 where it is none, and only its beginning where it is long.</summary>
    internal sealed record LiveMessage(string Topic, string Device, DateTimeOffset Ts, int Bytes, string? Payload, string? PayloadBase64, bool Cut);

    public static IResult Tree(string? prefix, int? depth, int? limit, Principal who, TopicBook topics)
    {
        if (prefix is not null && (!MqttTopic.IsValidName(prefix) || prefix.EndsWith('/')))
        {
            return QueryBounds.Refused("prefix", $"is \"{prefix}\"; give whole levels of a topic without + and #, for example {who.Tenant}/lyon").ToHttp();
        }

        return QueryBounds.Within("depth", depth, DepthMax, 1, DepthMax).Then(most => QueryBounds.Limit(limit, LevelsDefault, LevelsMax).Then(size =>
        {
            var levels = topics.Read(who.Tenant, prefix, most).Take(size + 1).Select(l => new TopicLevel(l.Topic, l.Depth, l.Topics, l.Messages, Clock.FromNs(l.LastNs))).ToList();
            return prefix is not null && levels.Count == 0
                ? new Refusal("fabric.topic.not_found", $"No message came at or below {prefix} since the server started. See what there is: pilotage topic tree")
                : (Outcome<TopicTree>)new TopicTree([.. levels.Take(size)], levels.Count > size);
        })).ToHttp();
    }

    public static IResult Tail(string filter, Principal who, LiveFeed feed, TimeProvider time, IHostApplicationLifetime host)
    {
        if (!MqttTopic.IsValidFilter(filter) || MqttTopic.IsShared(filter))
        {
            return QueryBounds.Refused("filter", $"is \"{filter}\"; give a topic, with + for one level and # for all that follow, for example {who.Tenant}/#").ToHttp();
        }

        return feed.WatchMessages(who.Tenant, filter)
            .ToHttp(watcher => TypedResults.ServerSentEvents(LiveStream.Of(watcher, Show, time, host, CancellationToken.None)));
    }

    public static async Task<IResult> PublishAsync(
        MessageBody body, Principal who, OperatorMessages messages, IAudit audit, CancellationToken cancellation)
    {
        var read = PayloadOf(body).Then(payload => QosOf(body).Then(qos => (Outcome<MqttMessage>)new MqttMessage
        {
            Topic = body.Topic,
            Payload = payload,
            Qos = qos,
            Retain = body.Retain == true,
            ContentType = body.ContentType,
        }));
        var published = read.TryGet(out var message, out var refusal) ? await messages.PublishAsync(who.Tenant, message, cancellation) : refusal;
        var detail = message is null ? null : $"{message.Payload.Length} bytes, QoS {message.Qos}{(message.Retain ? ", retained" : "")}";
        audit.Record(who, "fabric.message.publish", Short(body.Topic), published.IsOk ? "done" : "refused", detail);
        return published.ToHttp();
    }

    private static Outcome<ReadOnlyMemory<byte>> PayloadOf(MessageBody body)
    {
        if (body.Payload is null == body.PayloadBase64 is null)
        {
            return Malformed("/payload", "give either payload, as text, or payloadBase64");
        }

        if (body.Payload is { } text)
        {
            return (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(text);
        }

        var bytes = new byte[body.PayloadBase64!.Length];
        return Convert.TryFromBase64String(body.PayloadBase64, bytes, out var length)
            ? (ReadOnlyMemory<byte>)bytes.AsMemory(0, length)
            : Malformed("/payloadBase64", "is no Base64");
    }

    private static Outcome<byte> QosOf(MessageBody body) => body.Qos switch
    {
        null => (byte)1,
        0 or 1 => (byte)body.Qos.Value,
        _ => Malformed("/qos", $"is {body.Qos}; give 0 or 1, or leave it out for 1"),
    };

    private static Refusal Malformed(string where, string says) => new("request.malformed", $"{where[1..]}: {says}.") { Details = [new(where, says)] };

    private static string Short(string topic) => topic.Length <= TargetCharsMax ? topic : topic[..TargetCharsMax] + "…";

    private static LiveMessage Show(LiveFeed.LiveEvent happened)
    {
        var payload = (LiveFeed.LivePayload)happened.Data;
        var shown = payload.Beginning.Span;
        var isText = Utf8.IsValid(shown);
        return new LiveMessage(
            happened.Type!, happened.Device, Clock.FromNs(happened.TimeNs), payload.Bytes, isText ? Encoding.UTF8.GetString(shown) : null,
            isText ? null : Convert.ToBase64String(shown), shown.Length < payload.Bytes);
    }
}
