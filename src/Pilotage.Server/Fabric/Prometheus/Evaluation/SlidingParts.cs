namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>A queue of parts that knows what all in it come to, at the same cost however long it is.</summary>
/// <remarks>
/// Two stacks: new parts go on the back; when the front is empty, the back is turned over, each part with all behind it.
/// Nothing is ever subtracted, so no rounding error is carried along, and least and greatest slide as sums do.
/// </remarks>
internal sealed class SlidingParts
{
    private readonly Stack<WindowPart> _front = new();
    private readonly List<WindowPart> _back = [];
    private WindowPart _backTotal;

    public WindowPart Total => _front.TryPeek(out var front) ? front.With(_backTotal) : _backTotal;

    public void Add(WindowPart part)
    {
        _back.Add(part);
        _backTotal = _backTotal.With(part);
    }

    public void RemoveFirst()
    {
        if (_front.Count == 0)
        {
            var total = default(WindowPart);
            for (var i = _back.Count - 1; i >= 0; i--)
            {
                _front.Push(total = _back[i].With(total));
            }

            _back.Clear();
            _backTotal = default;
        }

        _front.Pop();
    }
}
