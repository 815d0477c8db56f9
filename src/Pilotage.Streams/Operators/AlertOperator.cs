using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.State;

namespace Pilotage.Streams.Operators;

/// <summary>Raises an alert once per device and kind, and clears it under hysteresis.</summary>
/// <remarks>
/// Raised by the first row whose condition is true. It stays while the condition with its thresholds moved by the clear
/// margin is true; it is cleared by the last of so many consecutive rows for which that is false, and may be raised
/// again by the next row. A row for which the condition is NULL says nothing: it neither raises, nor holds, nor counts.
/// </remarks>
internal sealed class AlertOperator(AlertNode node, RunContext context) : Operator, IGated
{
    private const int NotRaised = -1;
    private readonly int[] _kinds = [.. node.Kinds];
    private readonly bool _isOfOneKind = node.Kind is LiteralScalar;
    private readonly PerDevice<int[]> _states = new();

    public Scalar Condition => node.Raises;

    public override bool HasState => true;

    protected override bool UsesWatermarks => false;

    /// <summary>A raised alert may be cleared by any row.</summary>
    public bool MustSee(int device) => _states.TryGet(device, out var rowsOff) && rowsOff.AsSpan().ContainsAnyExcept(NotRaised);

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        var raises = node.Raises.Evaluate(head, row);
        if (raises != 1 && !MustSee(head.Device))
        {
            // Fast path: nothing to raise, and nothing to clear.
            return;
        }

        if (raises == 1 && _isOfOneKind && _states.TryGet(head.Device, out var raised) && raised[0] != NotRaised)
        {
            // Fast path: what stands goes on standing.
            raised[0] = 0;
            return;
        }

        var holds = node.Holds.Evaluate(head, row);
        if (double.IsNaN(raises) || double.IsNaN(holds))
        {
            return;
        }

        var kind = node.Kind.Evaluate(head, row);
        var matching = double.IsNaN(kind) ? -1 : Array.IndexOf(_kinds, (int)kind);
        if (!_states.TryGet(head.Device, out var rowsOff))
        {
            if (raises != 1 || matching < 0)
            {
                return;
            }

            rowsOff = new int[_kinds.Length];
            Array.Fill(rowsOff, NotRaised);
            _states.Set(head.Device, rowsOff);
        }

        for (var i = 0; i < rowsOff.Length; i++)
        {
            Judge(i, rowsOff, raises == 1 && i == matching, holds == 1 && i == matching, head, row);
        }
    }

    public override void Forget(int device) => _states.Clear(device);

    public override void Save(CheckpointWriter writer)
    {
        writer.Write(_kinds.Length);
        writer.Write(_states.Count);
        for (var device = 0; device < _states.Count; device++)
        {
            _states.TryGet(device, out var rowsOff);
            for (var i = 0; i < _kinds.Length; i++)
            {
                writer.Write(rowsOff?[i] ?? NotRaised);
            }
        }
    }

    public override bool Load(ref CheckpointReader reader)
    {
        if (reader.ReadInt32() != _kinds.Length)
        {
            return false;
        }

        var count = reader.ReadCount(_kinds.Length * sizeof(int));
        for (var device = 0; device < count; device++)
        {
            var rowsOff = new int[_kinds.Length];
            for (var i = 0; i < rowsOff.Length; i++)
            {
                rowsOff[i] = reader.ReadInt32();
            }

            _states.Set(device, rowsOff);
        }

        return !reader.Failed && count <= context.Devices.Places;
    }

    private void Judge(int index, int[] rowsOff, bool raises, bool holds, in RowHead head, ReadOnlySpan<double> row)
    {
        if (rowsOff[index] == NotRaised)
        {
            if (raises)
            {
                rowsOff[index] = 0;
                context.AlertsRaised++;
                context.Sink.AlertRaised(
                    context.Device(head.Device), TimeOf(head, row), context.Text(_kinds[index]), node.Score.Evaluate(head, row), head.InputId);
            }

            return;
        }

        rowsOff[index] = raises || holds ? 0 : rowsOff[index] + 1;
        if (rowsOff[index] >= node.ClearRows)
        {
            rowsOff[index] = NotRaised;
            context.AlertsCleared++;
            context.Sink.AlertCleared(
                context.Device(head.Device), TimeOf(head, row), context.Text(_kinds[index]), node.Score.Evaluate(head, row), head.InputId);
        }
    }

    private long TimeOf(in RowHead head, ReadOnlySpan<double> row)
    {
        var time = node.Time.Evaluate(head, row);
        return double.IsNaN(time) ? head.TimeNs : Scalar.ToTime(time);
    }
}
