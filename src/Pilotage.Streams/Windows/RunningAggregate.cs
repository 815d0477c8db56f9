using Pilotage.Streams.Expressions;
using Pilotage.Streams.State;

namespace Pilotage.Streams.Windows;

/// <summary>One aggregate over everything a device has sent, in constant memory.</summary>
/// <remarks>Sums are compensated (Neumaier), moments are updated around the running mean (Welford), so millions of rows
/// cost no digits.</remarks>
internal struct RunningAggregate
{
    private double _count;
    private double _first;
    private double _second;
    private double _third;
    private double _fourth;

    public void Add(AggregateFunction function, double value, double other)
    {
        if (function == AggregateFunction.CountRows)
        {
            _count++;
            return;
        }

        if (double.IsNaN(value) || (IsOfPairs(function) && double.IsNaN(other)))
        {
            return;
        }

        _count++;
        switch (function)
        {
            case AggregateFunction.Sum or AggregateFunction.Average:
                AddCompensated(value);
                break;
            case AggregateFunction.RootMeanSquare:
                AddCompensated(value * value);
                break;
            case AggregateFunction.Minimum:
                _first = _count == 1 ? value : Math.Min(_first, value);
                break;
            case AggregateFunction.Maximum:
                _first = _count == 1 ? value : Math.Max(_first, value);
                break;
            case AggregateFunction.First:
                _first = _count == 1 ? value : _first;
                break;
            case AggregateFunction.Last:
                _first = value;
                break;
            case AggregateFunction.Slope:
                AddPair(other, value);
                break;
            case AggregateFunction.SlopeOverTime:
                AddTimed(value, Scalar.ToTime(other));
                break;
            case AggregateFunction.Count:
                break;
            case AggregateFunction.PeakToPeak:
                (_first, _second) = _count == 1 ? (value, value) : (Math.Min(_first, value), Math.Max(_second, value));
                break;
            case AggregateFunction.CrestFactor:
                AddCompensated(value * value);
                _third = Math.Max(_third, Math.Abs(value));
                break;
            case AggregateFunction.Skewness or AggregateFunction.Kurtosis:
                AddMoments(value);
                break;
            case var _ when IsOfPairs(function):
                AddBoth(other, value);
                break;
            default:
                AddMoment(value);
                break;
        }
    }

    public readonly double Value(AggregateFunction function) => function switch
    {
        AggregateFunction.CountRows or AggregateFunction.Count => _count,
        _ when _count == 0 => Scalar.Null,
        AggregateFunction.Sum => Scalar.Finite(_first + _second),
        AggregateFunction.Average => Scalar.Finite((_first + _second) / _count),
        AggregateFunction.RootMeanSquare => Scalar.Finite(Math.Sqrt((_first + _second) / _count)),
        AggregateFunction.VariancePopulation => Scalar.Finite(_second / _count),
        AggregateFunction.VarianceSample => Scalar.Finite(_second / (_count - 1)),
        AggregateFunction.StandardDeviationPopulation => Scalar.Finite(Math.Sqrt(_second / _count)),
        AggregateFunction.StandardDeviationSample => Scalar.Finite(Math.Sqrt(_second / (_count - 1))),
        AggregateFunction.Slope or AggregateFunction.SlopeOverTime => Scalar.Finite(_fourth / _third),
        AggregateFunction.PeakToPeak => Scalar.Finite(_second - _first),
        AggregateFunction.CrestFactor => Scalar.Finite(_third / Math.Sqrt((_first + _second) / _count)),
        AggregateFunction.Skewness => new MomentSums(_count, _second, _third, _fourth).Skewness,
        AggregateFunction.Kurtosis => new MomentSums(_count, _second, _third, _fourth).Kurtosis,
        _ when IsOfPairs(function) => new PairSums(_count, _first, _second, _third, _fourth, _origin).Of(function),
        _ => _first,
    };

    /// <summary>Says which text the first or last value is.</summary>
    public readonly void KeepText(TextPool texts) => texts.Keep(_count == 0 ? Scalar.Null : _first);

    /// <summary>Gives that text of a checkpoint the number of this run; false where it is not there.</summary>
    public bool TryTranslate(TextPool texts) => _count == 0 || texts.TryTranslate(new Span<double>(ref _first));

    public readonly void Save(CheckpointWriter writer) =>
        writer.Write([_count, _first, _second, _third, _fourth, _origin]);

    public static RunningAggregate Load(ref CheckpointReader reader)
    {
        Span<double> fields = stackalloc double[6];
        reader.Read(fields);
        return new()
        {
            _count = fields[0],
            _first = fields[1],
            _second = fields[2],
            _third = fields[3],
            _fourth = fields[4],
            _origin = fields[5],
        };
    }

    private double _origin;

    private void AddCompensated(double value)
    {
        var sum = _first + value;
        _second += Math.Abs(_first) >= Math.Abs(value) ? (_first - sum) + value : (value - sum) + _first;
        _first = sum;
    }

    private void AddMoment(double value)
    {
        var distance = value - _first;
        _first += distance / _count;
        _second += distance * (value - _first);
    }

    private static bool IsOfPairs(AggregateFunction function) =>
        function is AggregateFunction.Slope or (>= AggregateFunction.Correlation and <= AggregateFunction.Determination);

    // Pébay's update of the second to fourth moments by one value.
    private void AddMoments(double value)
    {
        var distance = value - _first;
        var step = distance / _count;
        var square = step * step;
        var term = distance * step * (_count - 1);
        _fourth += (term * square * ((_count * _count) - (3 * _count) + 3)) + (6 * square * _second) - (4 * step * _third);
        _third += (term * step * (_count - 2)) - (3 * step * _second);
        _second += term;
        _first += step;
    }

    // Beside what a slope needs, the squares of the other one, where a slope over time has its origin.
    private void AddBoth(double x, double y)
    {
        var distance = y - _second;
        AddPair(x, y);
        _origin += distance * (y - _second);
    }

    private void AddPair(double x, double y)
    {
        var distance = x - _first;
        _first += distance / _count;
        _second += (y - _second) / _count;
        _third += distance * (x - _first);
        _fourth += distance * (y - _second);
    }

    // Seconds since the first row counted: small numbers, whatever the year.
    private void AddTimed(double value, long timeNs)
    {
        if (_count == 1)
        {
            _origin = Scalar.FromTime(timeNs);
        }

        AddPair((timeNs - Scalar.ToTime(_origin)) / 1e9, value);
    }
}
