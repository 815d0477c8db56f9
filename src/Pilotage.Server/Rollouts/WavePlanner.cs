namespace Pilotage.Server.Rollouts;

/// <summary>Draws the waves: every wave across all strata in proportion, chance only inside a stratum.</summary>
public static class WavePlanner
{
    /// <summary>Members by wave. Refused when nobody is targeted, a device is named twice, or the sizes leave somebody out.</summary>
    public static Outcome<IReadOnlyList<IReadOnlyList<RolloutTarget>>> Plan(
        IReadOnlyList<RolloutTarget> targets, IReadOnlyList<WaveSize> sizes, Random random)
    {
        if (targets.Count == 0)
        {
            return new Refusal("rollout.no_targets", "The target matches no device; a rollout to nobody would finish at once and prove nothing.");
        }

        if (targets.DistinctBy(target => target.Device).Count() != targets.Count)
        {
            return new Refusal("rollout.device_twice", "A device is named twice among the targets.");
        }

        if (sizes.Count == 0)
        {
            return new Refusal("rollout.no_waves", "A rollout needs at least one wave.");
        }

        var queue = Interleave(targets, random);
        var waves = new List<IReadOnlyList<RolloutTarget>>();
        var taken = 0;
        foreach (var size in sizes)
        {
            var count = size.Of(targets.Count, targets.Count - taken);
            if (count > 0)
            {
                waves.Add(queue.GetRange(taken, count));
                taken += count;
            }
        }

        return taken == targets.Count
            ? waves
            : new Refusal("rollout.waves_leave_out", $"The waves take {taken} of {targets.Count} devices; end the list with rest.");
    }

    // Each device of a stratum of n gets a place (i + u) / n in 0..1; sorted by place, any prefix holds the strata in proportion.
    private static List<RolloutTarget> Interleave(IReadOnlyList<RolloutTarget> targets, Random random)
    {
        var placed = new List<(double Place, RolloutTarget Target)>();
        foreach (var stratum in targets.GroupBy(target => target.Stratum).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var members = stratum.OrderBy(target => target.Device, StringComparer.Ordinal).ToArray();
            random.Shuffle(members);
            var shift = random.NextDouble();
            placed.AddRange(members.Select((target, i) => ((i + shift) / members.Length, target)));
        }

        // Who is offline now cannot prove anything soon: the early waves, which decide, are drawn from those who can answer.
        return [.. placed.OrderBy(item => item.Target.Online ? 0 : 1).ThenBy(item => item.Place).Select(item => item.Target)];
    }
}
