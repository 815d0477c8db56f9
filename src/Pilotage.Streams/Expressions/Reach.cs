namespace Pilotage.Streams.Expressions;

/// <summary>Event times, both ends included, and devices by their place in the question (null: all) that a condition leaves.</summary>
internal readonly record struct Reach(long FirstNs, long LastNs, IReadOnlySet<int>? Devices)
{
    public static Reach All => new(0, long.MaxValue, null);

    public static Reach OfDevice(int place) => All with { Devices = new HashSet<int> { place } };

    /// <summary>Those of an event time that compares so with a known time.</summary>
    public static Reach Of(BinaryOperator op, double time)
    {
        if (double.IsNaN(time))
        {
            return All;
        }

        var ns = Scalar.ToTime(time);
        return op switch
        {
            BinaryOperator.Equal => All with { FirstNs = ns, LastNs = ns },
            BinaryOperator.Less => All with { LastNs = ns - 1 },
            BinaryOperator.LessOrEqual => All with { LastNs = ns },
            BinaryOperator.Greater => All with { FirstNs = ns == long.MaxValue ? ns : ns + 1 },
            BinaryOperator.GreaterOrEqual => All with { FirstNs = ns },
            _ => All,
        };
    }

    public Reach And(Reach other) => new(Math.Max(FirstNs, other.FirstNs), Math.Min(LastNs, other.LastNs), Both(Devices, other.Devices));

    /// <summary>What either leaves, and what lies between the times of the two.</summary>
    public Reach Or(Reach other) => new(
        Math.Min(FirstNs, other.FirstNs),
        Math.Max(LastNs, other.LastNs),
        Devices is null || other.Devices is null ? null : Devices.Union(other.Devices).ToHashSet());

    private static IReadOnlySet<int>? Both(IReadOnlySet<int>? left, IReadOnlySet<int>? right) =>
        left is null ? right : right is null ? left : left.Intersect(right).ToHashSet();
}
