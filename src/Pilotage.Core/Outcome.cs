using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Pilotage.Core;

/// <summary>Either a value or the refusal that stands in its place.</summary>
public readonly struct Outcome<T>
{
    private readonly T? _value;
    private readonly Refusal? _refusal;

    private Outcome(T? value, Refusal? refusal)
    {
        _value = value;
        _refusal = refusal;
    }

    /// <summary>Whether there is a value.</summary>
    public bool IsOk => _refusal is null;

    /// <summary>The value; asking a refused outcome for it is a bug of ours.</summary>
    public T Value => _refusal is null ? _value! : throw new UnreachableException($"No value: {_refusal}");

    /// <summary>The refusal; asking a successful outcome for it is a bug of ours.</summary>
    public Refusal Refusal => _refusal ?? throw new UnreachableException("Not refused.");

    /// <summary>Takes the value or the refusal, whichever is there.</summary>
    public bool TryGet([MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out Refusal? refusal)
    {
        value = _value;
        refusal = _refusal;
        return refusal is null;
    }

    /// <summary>Carries on with the value, or passes the refusal through.</summary>
    public Outcome<TNext> Then<TNext>(Func<T, Outcome<TNext>> next) => _refusal is null ? next(_value!) : _refusal;

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Refusal refusal) => new(default, refusal);
}
