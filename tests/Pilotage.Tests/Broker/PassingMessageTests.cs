using System.Buffers;
using Pilotage.Broker;
using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>Messages that pass through to clients that are there: they cost no memory, and what is used again is not mixed up.</summary>
public sealed class PassingMessageTests
{
    private const int Window = 8;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_message_that_passes_through_costs_no_memory(byte qos)
    {
        var rig = new ExchangeRig();
        var (reader, link) = await AttachAsync(rig, "reader");
        await rig.SubscribeAsync(reader, "plant/+/_tele", qos);
        var (publisher, _) = await AttachAsync(rig, "publisher");
        var payload = new byte[200];

        Pass(rig, publisher, reader, link, qos, payload, 500);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Pass(rig, publisher, reader, link, qos, payload, 500);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(1_000, link.Count);
    }

    [Fact]
    public async Task What_waits_for_one_is_not_overwritten_when_another_is_done()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var rig = new ExchangeRig(new() { QueuedMessagesMax = 20 });
        var readers = new List<(Session Session, CheckingLink Link)>();
        for (var i = 0; i < 3; i++)
        {
            var one = await AttachAsync(rig, $"reader-{i}");
            await rig.SubscribeAsync(one.Session, "a/#", (byte)(1 + (i % 2)));
            readers.Add(one);
        }

        await rig.SubscribeAsync(readers[0].Session, "$share/g/a/#", 1);
        await rig.SubscribeAsync(readers[1].Session, "$share/g/a/#", 1);
        for (var i = 0; i < 5_000; i++)
        {
            var payload = new byte[random.Next(8, 64)];
            random.NextBytes(payload);
            payload[0] = (byte)payload.Length;
            payload[1] = (byte)payload.Skip(2).Sum(b => b);
            var message = new MessageView { Topic = $"a/{random.Next(4)}", Payload = payload, Qos = (byte)random.Next(3), Retain = random.Next(10) == 0 };
            rig.Exchange.Route(ExchangeRig.Acme, null, message);
            foreach (var (session, link) in readers.Where(_ => random.Next(3) > 0))
            {
                link.AnswerSome(rig.Exchange, session, random);
            }
        }

        Assert.All(readers, reader => Assert.True(reader.Link.Count > 500 && reader.Link.Faults == 0, $"seed {seed}: {reader.Link.Count} got, {reader.Link.Faults} wrong"));
    }

    private static async Task<(Session Session, CheckingLink Link)> AttachAsync(ExchangeRig rig, string clientId)
    {
        var link = new CheckingLink();
        var who = new ClientIdentity(ExchangeRig.Acme, clientId, null, "test", "test");
        var attachment = rig.Exchange.Attach(who, new ConnectPacket { ClientId = clientId, CleanStart = true }, QueueOverflow.DropOldest, 0, link);
        await attachment.Stored;
        return (attachment.Session, link);
    }

    private static void Pass(ExchangeRig rig, Session publisher, Session reader, CheckingLink link, byte qos, byte[] payload, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var once = qos == 2 ? (ushort)((i % 100) + 1) : (ushort)0;
            var message = new MessageView { Topic = "plant/pump-1/_tele", Payload = payload, Qos = qos };
            rig.Exchange.Route(ExchangeRig.Acme, publisher, message, once);
            if (once != 0)
            {
                rig.Exchange.Settle(publisher, once, MqttReason.Success);
                rig.Exchange.TryRelease(publisher, once, out _);
                rig.Exchange.Forget(publisher, once);
            }

            link.AnswerAll(rig.Exchange, reader);
        }
    }

    /// <summary>Encodes what it is sent, looks whether the payload is what was published, and acknowledges when told.</summary>
    private sealed class CheckingLink : ISessionLink
    {
        private readonly ArrayBufferWriter<byte> _bytes = new(4096);
        private readonly Queue<(ushort Id, byte Qos)> _unanswered = new(Window);
        private readonly Queue<ushort> _releases = new(Window);

        public int Count { get; private set; }

        public int Faults { get; private set; }

        public int SendWindow => Window;

        public bool WaitsForDisk => true;

        public ConnectionView View => new(0, null, 0, 0, Count);

        public (MqttReason Reason, string Why) Ending => (MqttReason.Success, "");

        public Handing TryDeliver(Delivery delivery)
        {
            _unanswered.Enqueue((delivery.PacketId, delivery.Qos));
            return Take(delivery.Stored.View, new() { Qos = delivery.Qos, PacketId = delivery.PacketId });
        }

        public Handing TryDeliver(in MessageView message, long sinceNs, bool retain, List<uint>? subscriptionIds) => Take(message, default);

        public bool TryRelease(ushort packetId)
        {
            _releases.Enqueue(packetId);
            return true;
        }

        public void Trace(ClientTrace trace)
        {
        }

        public void End(MqttReason reason, string why)
        {
        }

        public void AnswerAll(Exchange exchange, Session session)
        {
            while (_unanswered.Count + _releases.Count > 0)
            {
                AnswerOne(exchange, session);
            }
        }

        public void AnswerSome(Exchange exchange, Session session, Random random)
        {
            for (var left = random.Next(4); left > 0 && _unanswered.Count + _releases.Count > 0; left--)
            {
                AnswerOne(exchange, session);
            }
        }

        private void AnswerOne(Exchange exchange, Session session)
        {
            if (_releases.TryDequeue(out var released))
            {
                exchange.Complete(session, this, released);
            }
            else if (_unanswered.TryDequeue(out var next) && next.Qos == 1)
            {
                exchange.Acknowledge(session, this, next.Id);
            }
            else
            {
                exchange.Receive(session, this, next.Id, refused: false);
            }
        }

        private Handing Take(in MessageView message, in PublishDelivery delivery)
        {
            _bytes.ResetWrittenCount();
            MqttEncoder.Publish(_bytes, MqttVersion.V5, message, delivery, int.MaxValue);
            Count++;
            var payload = message.Payload;
            var sum = 0;
            for (var i = 2; i < payload.Length; i++)
            {
                sum += payload[i];
            }

            Faults += payload[0] != 0 && (payload[0] != payload.Length || payload[1] != (byte)sum) ? 1 : 0;
            return Handing.Done;
        }
    }
}
