using System.Runtime.InteropServices;

namespace Pilotage.Broker.Sessions;

/// <content>The retained store, and what becomes of it when the disk refuses.</content>
internal sealed partial class Exchange
{
    /// <summary>
    /// Keeps a message as its topic's retained one. Until the log has it that is in doubt: when the disk refuses it the one
    /// before, which was acknowledged, is back.
    /// </summary>
    private ValueTask<long> Retain(TenantSpace space, StoredMessage stored, ValueTask<long> durable)
    {
        var topic = stored.Topic;
        if (!durable.IsCompletedSuccessfully)
        {
            ref var doubt = ref CollectionsMarshal.GetValueRefOrAddDefault(space.Doubts, topic, out _);
            doubt ??= new() { Durable = space.Retained.Get(topic) };
            doubt.Latest = stored;
            doubt.UnderWay++;
            durable = new(SettleAsync(space, stored, durable, doubt));
        }

        Apply(space, topic, stored);
        return durable;
    }

    /// <summary>The publisher's answer waits for it: after a refusal nobody finds the refused message.</summary>
    private async Task<long> SettleAsync(TenantSpace space, StoredMessage stored, ValueTask<long> durable, RetainedDoubt doubt)
    {
        try
        {
            var sequence = await durable;
            Settle(space, stored, doubt, isStored: true);
            return sequence;
        }
        catch (IOException)
        {
            Settle(space, stored, doubt, isStored: false);
            throw;
        }
    }

    private void Settle(TenantSpace space, StoredMessage stored, RetainedDoubt doubt, bool isStored)
    {
        lock (_gate)
        {
            var topic = stored.Topic;
            if (isStored)
            {
                // Answers come in any order, records have theirs.
                doubt.Durable = doubt.Durable is null || doubt.Durable.Id < stored.Id ? stored : doubt.Durable;
            }
            else if (ReferenceEquals(doubt.Latest, stored))
            {
                doubt.Latest = doubt.Durable;
                Apply(space, topic, doubt.Durable);
            }

            if (--doubt.UnderWay == 0)
            {
                space.Doubts.Remove(topic);
            }
        }
    }

    private static void Apply(TenantSpace space, string topic, StoredMessage? stored)
    {
        if (stored is null || stored.Payload.IsEmpty)
        {
            space.Retained.Remove(topic);
        }
        else
        {
            space.Retained.Set(stored);
        }
    }
}

/// <summary>A topic whose retained message is on its way to the disk.</summary>
internal sealed class RetainedDoubt
{
    /// <summary>The latest that is known to be stored; one without a payload took the topic's message away.</summary>
    public StoredMessage? Durable { get; set; }

    /// <summary>What the store shows.</summary>
    public StoredMessage? Latest { get; set; }

    /// <summary>How many have not been answered.</summary>
    public int UnderWay { get; set; }
}
