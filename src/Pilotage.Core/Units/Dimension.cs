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
}
