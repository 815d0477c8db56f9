using System.Diagnostics.Metrics;

namespace Pilotage.Server.Fabric;

/// <summary>Lets so many in at once, refuses the others, and counts what became of them.</summary>
internal abstract class Turnstile
{
    private readonly int _most;
    private readonly Refusal _full;
    private readonly TurnstileCounter _told;
    private readonly Counter<long> _counter;
    private int _open;

    /// <param name="meters">Where the counter is made.</param>
    /// <param name="counter">What it is called and what it tells.</param>
    /// <param name="most">How many are in at once.</param>
    /// <param name="full">What the next one is told.</param>
    protected Turnstile(IMeterFactory meters, TurnstileCounter counter, int most, Refusal full)
    {
        (_told, _most, _full) = (counter, most, full);
        _counter = meters.Create("Pilotage.Server").CreateCounter<long>(counter.Name, counter.Unit, counter.Description);
        foreach (var value in counter.Values)
        {
            Count(0, value);
        }
    }

    /// <summary>Lets one in until its place is disposed of, or says why not.</summary>
    public Outcome<Place> Enter()
    {
        if (Interlocked.Increment(ref _open) <= _most)
        {
            return new Place(this);
        }

        Interlocked.Decrement(ref _open);
        return _full;
    }

    /// <summary>Counts one that ended so.</summary>
    public void Count(string value) => Count(1, value);

    private void Count(long ended, string value) => _counter.Add(ended, new KeyValuePair<string, object?>(_told.Tag, value));

    /// <summary>One that was let in.</summary>
    internal sealed class Place(Turnstile from) : IDisposable
    {
        private int _left;

        /// <summary>As what it is counted when it leaves, "gone" until it has come to its end; not at all where only refusals are counted.</summary>
        public string Result { get; set; } = "gone";

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) != 0)
            {
                return;
            }

            Interlocked.Decrement(ref from._open);
            if (from._told.CountsResults)
            {
                from.Count(Result);
            }
        }
    }
}

/// <summary>The counter of a <see cref="Turnstile"/>.</summary>
/// <param name="Tag">What tells the ones that are counted apart.</param>
/// <param name="Values">All that it may say; each is there from the start.</param>
internal sealed record TurnstileCounter(string Name, string Unit, string Description, string Tag, params IReadOnlyList<string> Values)
{
    private const string Result = "result";

    /// <summary>Whether those that were let in are counted too, by how they ended.</summary>
    public bool CountsResults => Tag == Result;

    /// <summary>One that counts all, by what became of them.</summary>
    public static TurnstileCounter OfResults(string name, string unit, string description) => new(name, unit, description, Result, "done", "refused", "gone");
}
