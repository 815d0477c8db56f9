namespace Pilotage.Cli.Demo.Fleet;

/// <summary>One centrifugal pump: a bearing that wears with load, and what its sensors make of the wear.</summary>
/// <remarks>
/// Wear follows the load by the third power (ISO 281, ball bearings) and grows on itself once the race is damaged. Vibration
/// and friction heat rise with the wear; both also move with load and ambient, so that neither alone gives the wear away.
/// </remarks>
internal sealed class PumpModel
{
    private const double RatedFlow = 120; // m3/h
    private const double RatedSpeed = 1485; // rpm, four poles at 50 Hz under load
    private const double RatedPower = 45; // kW
    private const double ThermalLag = 0.6; // share of the way to the steady temperature covered in an hour
    private const int CyclesMin = 60;

    private double _baseVibration;
    private double _baseFriction;
    private double _dutyMean;
    private double _misalignment;

    private PumpModel()
    {
    }

    public static PumpModel Build(Random random) => new()
    {
        _baseVibration = 1.1 + (0.35 * random.NextDouble()),
        _baseFriction = 17 + (4 * random.NextDouble()),
        _dutyMean = 0.68 + (0.14 * random.NextDouble()),
        _misalignment = 0.15 * random.NextDouble(),
    };

    public List<double[]> RunToFailure(Random random)
    {
        // Quality of bearing and fitting: the spread of lives at equal duty.
        var rate = 1 / (230 * Math.Exp(0.28 * Gaussian(random)));
        var wear = 0.02 * random.NextDouble();
        var drift = 0.0;
        var season = random.NextDouble() * 2 * Math.PI;
        var temperature = double.NaN;
        var rows = new List<double[]>();
        while (wear < 1 || rows.Count < CyclesMin)
        {
            var hour = rows.Count;
            drift = (0.97 * drift) + (0.015 * Gaussian(random));
            var load = Math.Clamp(_dutyMean + drift + (0.08 * Math.Sin(2 * Math.PI * hour / 24)), 0.35, 1.05);
            var ambient = 18 + (6 * Math.Sin(season + (hour / 900.0))) + (3 * Math.Sin(2 * Math.PI * (hour - 8) / 24)) + (0.4 * Gaussian(random));
            var steady = ambient + (_baseFriction * load * (1 + (1.1 * Math.Pow(wear, 1.6))));
            temperature = double.IsNaN(temperature) ? steady : temperature + (ThermalLag * (steady - temperature));
            rows.Add(Measure(random, load, wear, ambient, temperature));
            wear += rate * Math.Pow(load / 0.75, 3) * (0.55 + (1.5 * wear)) * Math.Exp(0.15 * Gaussian(random));
        }

        return rows;
    }

    private double[] Measure(Random random, double load, double wear, double ambient, double temperature)
    {
        var damage = Math.Pow(wear, 2.2);
        var vibration = ((_baseVibration + _misalignment) * (0.7 + (0.4 * load)) * Math.Exp(0.07 * Gaussian(random))) + (3.4 * damage * Math.Exp(0.12 * Gaussian(random)));
        // A young defect makes sharp impacts; a grown one drowns them.
        var crest = 3.1 + (2.2 * Math.Pow(wear, 1.3) * Math.Exp(-1.1 * damage)) + (0.22 * Gaussian(random));
        var speed = (RatedSpeed * (1.006 - (0.012 * load))) + (0.8 * Gaussian(random));
        var flow = RatedFlow * load * (1 - (0.03 * wear)) * (1 + (0.01 * Gaussian(random)));
        var power = RatedPower * (0.25 + (0.75 * load)) * (1 + (0.025 * wear)) * (1 + (0.008 * Gaussian(random)));
        return
        [
            Math.Round(100 * load, 1), Math.Round(flow, 1), Math.Round(speed, 1), Math.Round(vibration, 3), Math.Round(crest, 2),
            Math.Round(temperature + (0.25 * Gaussian(random)), 2), Math.Round(ambient, 2), Math.Round(power, 2),
        ];
    }

    private static double Gaussian(Random random)
    {
        var u = 1 - random.NextDouble();
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * random.NextDouble());
    }
}
