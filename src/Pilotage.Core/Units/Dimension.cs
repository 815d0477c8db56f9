using System.Globalization;

namespace Pilotage.Core.Units;

/// <summary>Exponents of the base quantities a unit is made of; two units convert when these are equal.</summary>
public readonly record struct Dimension(int Length, int Mass, int Time, int Current, int Temperature, int Amount, int Light, int Angle)
{
    /// <summary>No dimension: ratios, counts, percent.</summary>
    public static Dimension None { get; }

    public static Dimension operator *(Dimension a, Dimension b) => new(
        a.Length + b.Length, a.Mass + b.Mass, a.Time + b.Time, a.Current + b.Current, a.Temperature + b.Temperature, a.Amount + b.Amount,
        a.Light + b.Light, a.Angle + b.Angle);

    /// <summary>The dimension raised to a whole power.</summary>
    public Dimension Power(int n) => new(Length * n, Mass * n, Time * n, Current * n, Temperature * n, Amount * n, Light * n, Angle * n);

    /// <summary>The product of base units it is made of, as UCUM writes it: <c>kg.m-1.s-2</c>, <c>1</c>.</summary>
    public override string ToString()
    {
        (string Unit, int Power)[] parts =
        [
            ("kg", Mass), ("m", Length), ("s", Time), ("A", Current), ("K", Temperature), ("mol", Amount), ("cd", Light), ("rad", Angle),
        ];
        var told = parts.Where(part => part.Power != 0)
            .Select(part => part.Power == 1 ? part.Unit : part.Unit + part.Power.ToString(CultureInfo.InvariantCulture));
        return this == None ? "1" : string.Join('.', told);
    }
}
