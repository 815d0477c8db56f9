using Pilotage.Core;
using Pilotage.Learning.Onnx;
using Pilotage.Learning.Sequences;
using Xunit;

namespace Pilotage.Tests.Learning.Sequences;

public sealed class SequenceModelTests
{
    private static readonly DeviceId Left = new("left");
    private static readonly DeviceId Right = new("right");

    [Fact]
    public void Each_device_has_its_own_state_and_begins_anew_when_it_is_forgotten()
    {
        using var model = TinyModels.Load(TinyModels.Sum());
        var sequence = SequenceModel.Open(model, new SequenceOptions()).Value;

        Assert.Equal([("h", "hn")], sequence.States);
        Assert.Equal(("x", "y"), (Assert.Single(sequence.Inputs).Name, Assert.Single(sequence.Outputs).Name));
        Assert.Equal([1f, 3, 6], new[] { 1f, 2, 3 }.Select(x => Step(sequence, Left, x)));
        Assert.Equal(10, Step(sequence, Right, 10));
        Assert.True(sequence.Forget(Left));
        Assert.False(sequence.Forget(Left));
        Assert.Equal(5, Step(sequence, Left, 5));
        Assert.Equal(11, Step(sequence, Right, 1));
    }

    [Fact]
    public void Saved_state_goes_on_where_it_was_and_equal_state_gives_equal_bytes()
    {
        using var model = TinyModels.Load(TinyModels.Sum());
        var first = SequenceModel.Open(model, new SequenceOptions()).Value;
        Step(first, Right, 7);
        Step(first, Left, 1);
        var second = SequenceModel.Open(model, new SequenceOptions()).Value;
        Step(second, new DeviceId("other"), 3);

        Assert.Null(second.Restore(first.Save()));

        Assert.Equal(2, second.Devices);
        Assert.Equal(first.Save(), second.Save());
        Assert.Equal(8, Step(second, Right, 1));
        Assert.Equal(2, Step(second, Left, 1));
    }

    [Fact]
    public void State_that_is_damaged_or_another_models_is_refused_and_nothing_changes()
    {
        using var model = TinyModels.Load(TinyModels.Sum());
        using var other = TinyModels.Load(TinyModels.Sum(weight: 2));
        var sequence = SequenceModel.Open(model, new SequenceOptions()).Value;
        Step(sequence, Left, 4);
        var saved = sequence.Save();
        var foreign = SequenceModel.Open(other, new SequenceOptions()).Value;
        Step(foreign, Left, 4);

        Assert.All(Enumerable.Range(0, saved.Length), at =>
        {
            byte[] bent = [.. saved];
            bent[at] ^= 4;
            Assert.Equal("sequence.state_damaged", sequence.Restore(bent)!.Code);
        });
        Assert.Equal("sequence.state_damaged", sequence.Restore(saved.AsSpan(0, saved.Length - 1))!.Code);
        Assert.Equal("sequence.other_model", sequence.Restore(foreign.Save())!.Code);
        Assert.Equal(5, Step(sequence, Left, 1));
    }

    [Fact]
    public void A_device_too_many_is_refused_and_counted()
    {
        using var model = TinyModels.Load(TinyModels.Sum());
        var sequence = SequenceModel.Open(model, new SequenceOptions { DevicesMax = 1 }).Value;
        Step(sequence, Left, 1);

        Assert.Equal("sequence.too_many_devices", sequence.Run(Right, [Tensor.Of([1f], 1, 1)]).Refusal.Code);

        Assert.Equal((1, 1L), (sequence.Devices, sequence.DevicesRefused));
        Assert.Equal(2, Step(sequence, Left, 1));
    }

    [Fact]
    public void What_is_not_finite_does_not_fit_or_fails_leaves_the_state_as_it_was()
    {
        using var model = TinyModels.Load(TinyModels.Sum());
        var sequence = SequenceModel.Open(model, new SequenceOptions()).Value;
        Step(sequence, Left, float.MaxValue);

        Assert.Equal("onnx.not_finite", sequence.Run(Left, [Tensor.Of([float.NaN], 1, 1)]).Refusal.Code);
        Assert.Equal("sequence.state_not_finite", sequence.Run(Left, [Tensor.Of([float.MaxValue], 1, 1)]).Refusal.Code);
        Assert.Equal("onnx.wrong_shape", sequence.Run(Left, [Tensor.Of([1f, 2], 1, 2)]).Refusal.Code);
        Assert.Equal("onnx.wrong_shape", sequence.Run(Left, []).Refusal.Code);
        Assert.Equal(0, Step(sequence, Left, -float.MaxValue));
        model.Stop();
        Assert.Equal("onnx.failed", sequence.Run(Left, [Tensor.Of([1f], 1, 1)]).Refusal.Code);
    }

    [Fact]
    public void Pairs_may_be_named_and_a_model_without_state_is_refused()
    {
        using var sum = TinyModels.Load(TinyModels.Sum());
        using var affine = TinyModels.Load(TinyModels.Affine());

        Assert.Equal("sequence.no_state", SequenceModel.Open(affine, new SequenceOptions()).Refusal.Code);
        Assert.Equal("sequence.no_such_state", SequenceModel.Open(sum, new SequenceOptions { States = [("h", "nowhere")] }).Refusal.Code);
        Assert.Equal([("h", "y")], SequenceModel.Open(sum, new SequenceOptions { States = [("h", "y")] }).Value.States);
        Assert.Equal("sequence.state_too_large", SequenceModel.Open(sum, new SequenceOptions { StateBytesMax = 3 }).Value.Run(Left, [Tensor.Of([1f], 1, 1)]).Refusal.Code);
    }

    private static float Step(SequenceModel sequence, DeviceId device, float value) => Assert.Single(sequence.Run(device, [Tensor.Of([value], 1, 1)]).Value).As<float>()[0];
}
