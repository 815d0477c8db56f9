using System.Globalization;

namespace Pilotage.Streams.Expressions;

/// <summary>Whether the row is of one device, known by its place among those that the question names.</summary>
internal sealed class DeviceIsScalar(int place) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row) => FromBoolean(head.Device == place);

    public override Reach Reach() => Expressions.Reach.OfDevice(place);

    public override string Describe() => string.Create(CultureInfo.InvariantCulture, $"device#{place}");
}

/// <summary>A time so much later; NULL where that is before 1970 or after 2262.</summary>
internal sealed class TimeShiftScalar(Scalar time, long byNs) : Scalar
{
    private const long LatestNs = 0x7FEF_FFFF_FFFF_FFFF;

    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var value = time.Evaluate(head, row);
        var shifted = double.IsNaN(value) ? -1 : (Int128)ToTime(value) + byNs;
        return shifted >= 0 && shifted <= LatestNs ? FromTime((long)shifted) : Null;
    }

    public override string Describe() => string.Create(CultureInfo.InvariantCulture, $"({time.Describe()} + {byNs} ns)");
}
