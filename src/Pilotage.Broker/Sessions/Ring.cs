namespace Pilotage.Broker.Sessions;

/// <summary>A queue in an array that also takes items back at its front.</summary>
internal sealed class Ring<T>
{
    private T[] _items = [];
    private int _head;

    public int Count { get; private set; }

    public T Peek() => _items[_head];

    public void PushBack(T item)
    {
        Grow();
        _items[(_head + Count++) % _items.Length] = item;
    }

    public void PushFront(T item)
    {
        Grow();
        _head = (_head + _items.Length - 1) % _items.Length;
        _items[_head] = item;
        Count++;
    }

    public T PopFront()
    {
        var item = _items[_head];
        _items[_head] = default!;
        _head = (_head + 1) % _items.Length;
        if (--Count == 0 && _items.Length > 64)
        {
            // A session that once had a long queue does not keep its memory.
            _items = [];
            _head = 0;
        }

        return item;
    }

    public IEnumerable<T> All()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return _items[(_head + i) % _items.Length];
        }
    }

    private void Grow()
    {
        if (Count < _items.Length)
        {
            return;
        }

        var larger = new T[Math.Max(4, _items.Length * 2)];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = _items[(_head + i) % _items.Length];
        }

        _items = larger;
        _head = 0;
    }
}
