/* SPDX-License-Identifier: MIT */
/* x86-64 instructions, by Zydis.  Nothing is decoded before
 * gev__cpu_missing() has said that it is there. */
#include "patch/decode.h"
#include <Zydis/Zydis.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include "patch/cpu.h"

/* What a compiler keeps a value for, it does not keep it for long. */
#define LOOK_AHEAD 64

/* Its functions, once the library is loaded. */
static struct {
	const char *missing;
	ZydisDecoder decoder;
	__typeof__(ZydisDecoderInit) *init;
	__typeof__(ZydisDecoderDecodeInstruction) *decode;
	__typeof__(ZydisDecoderDecodeFull) *decode_full;
	__typeof__(ZydisRegisterGetLargestEnclosing) *whole;
	__typeof__(ZydisRegisterGetClass) *class;
	__typeof__(ZydisRegisterGetId) *id;
} z;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *function(void *library, const char *name)
{
	void *f = dlsym(library, name);

	if (!f)
		z.missing = "Zydis lacks a function";
	return f;
}

static void load(void)
{
	char name[32];
	void *library;

	snprintf(name, sizeof(name), "libZydis.so.%u.%u",
		(unsigned)ZYDIS_VERSION_MAJOR(ZYDIS_VERSION),
		(unsigned)ZYDIS_VERSION_MINOR(ZYDIS_VERSION));
	library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		z.missing = "the library Zydis can't be loaded";
		return;
	}
	z.init = function(library, "ZydisDecoderInit");
	z.decode = function(library, "ZydisDecoderDecodeInstruction");
	z.decode_full = function(library, "ZydisDecoderDecodeFull");
	z.whole = function(library, "ZydisRegisterGetLargestEnclosing");
	z.class = function(library, "ZydisRegisterGetClass");
	z.id = function(library, "ZydisRegisterGetId");
	if (!z.missing)
		z.init(&z.decoder, ZYDIS_MACHINE_MODE_LONG_64,
			ZYDIS_STACK_WIDTH_64);
}

const char *gev__cpu_missing(void)
{
	pthread_once(&once, load);
	return z.missing;
}

static bool is_branch(const ZydisDecodedInstruction *i)
{
	return i->meta.category == ZYDIS_CATEGORY_COND_BR ||
	       i->meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
	       i->meta.category == ZYDIS_CATEGORY_CALL ||
	       i->mnemonic == ZYDIS_MNEMONIC_XBEGIN;
}

static bool is_end(const ZydisDecodedInstruction *i)
{
	return i->meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
	       i->meta.category == ZYDIS_CATEGORY_RET ||
	       i->mnemonic == ZYDIS_MNEMONIC_HLT ||
	       i->mnemonic == ZYDIS_MNEMONIC_UD2;
}

bool gev__decode(uintptr_t at, uintptr_t end, struct gev__insn *insn)
{
	ZydisDecoderContext context;
	ZydisDecodedInstruction i;

	if (!ZYAN_SUCCESS(z.decode(&z.decoder, &context,
		    (const void *)at, end - at, &i)))
		return false;
	*insn = (struct gev__insn){ .length = i.length };
	insn->syscall = i.mnemonic == ZYDIS_MNEMONIC_SYSCALL && i.length == 2;
	insn->ends = is_end(&i);
	insn->fills = i.mnemonic == ZYDIS_MNEMONIC_NOP ||
		      i.mnemonic == ZYDIS_MNEMONIC_INT3;
	insn->branches = is_branch(&i) && i.raw.imm[0].is_relative;
	insn->points = i.mnemonic == ZYDIS_MNEMONIC_LEA &&
		       i.attributes & ZYDIS_ATTRIB_IS_RELATIVE;
	if (insn->branches)
		insn->target = at + i.length + (uintptr_t)i.raw.imm[0].value.s;
	if (insn->points)
		insn->target = at + i.length + (uintptr_t)i.raw.disp.value;
	return true;
}

/* With its operands, of which the CPU's own come last. */
static bool decode_full(uintptr_t at, uintptr_t end, ZydisDecodedInstruction *i,
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT])
{
	return ZYAN_SUCCESS(z.decode_full(&z.decoder, (const void *)at,
		end - at, i, operands));
}

static ZydisRegister whole(ZydisRegister r)
{
	return z.whole(ZYDIS_MACHINE_MODE_LONG_64, r);
}

/* An operand that changes the stack pointer, or moves with it. */
static bool of_stack(const ZydisDecodedOperand *o)
{
	if (o->type != ZYDIS_OPERAND_TYPE_REGISTER)
		return false;
	return whole(o->reg.value) == ZYDIS_REGISTER_RSP &&
	       o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
}

bool gev__decode_movable(uintptr_t at, uintptr_t end)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction i;

	if (!decode_full(at, end, &i, operands))
		return false;
	if (i.attributes & ZYDIS_ATTRIB_IS_RELATIVE || is_branch(&i) ||
		is_end(&i) || i.meta.category == ZYDIS_CATEGORY_SYSCALL ||
		i.meta.category == ZYDIS_CATEGORY_INTERRUPT)
		return false;
	for (int n = 0; n < i.operand_count; n++)
		if (of_stack(&operands[n]))
			return false;
	return true;
}

static bool is_register(const ZydisDecodedOperand *o)
{
	return o->type == ZYDIS_OPERAND_TYPE_REGISTER;
}

/* By how much of it, so that the rest is zero. */
static bool is_set(const ZydisDecodedOperand *o, ZydisRegister reg)
{
	return is_register(o) && whole(o->reg.value) == reg && o->size >= 32;
}

long gev__decode_number(uintptr_t at, uintptr_t end, int *reg)
{
	ZydisRegister r = *reg ? (ZydisRegister)*reg : ZYDIS_REGISTER_RAX;
	ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction i;

	if (!decode_full(at, end, &i, o))
		return -1;
	if (i.mnemonic == ZYDIS_MNEMONIC_XOR && is_set(&o[0], r) &&
		is_register(&o[1]) && o[0].reg.value == o[1].reg.value)
		return 0;
	if (i.mnemonic == ZYDIS_MNEMONIC_MOV && is_set(&o[0], r)) {
		if (o[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
			return (long)(uint32_t)o[1].imm.value.u;
		if (is_register(&o[1])) {
			*reg = (int)whole(o[1].reg.value);
			return -2;
		}
	}
	for (int n = 0; n < i.operand_count; n++)
		if (is_register(&o[n]) && whole(o[n].reg.value) == r &&
			o[n].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
			return -1;
	return -2;
}

/* The number of a vector register, or -1. */
static int vector_of(const ZydisDecodedOperand *o)
{
	ZydisRegisterClass class;

	if (o->type != ZYDIS_OPERAND_TYPE_REGISTER)
		return -1;
	class = z.class(o->reg.value);
	if (class != ZYDIS_REGCLASS_XMM && class != ZYDIS_REGCLASS_YMM &&
		class != ZYDIS_REGCLASS_ZMM)
		return -1;
	return z.id(o->reg.value);
}

/* pxor %xmm0, %xmm0 and its kin read nothing. */
static bool clears(const ZydisDecodedInstruction *i,
	const ZydisDecodedOperand *o)
{
	int last = i->operand_count_visible - 1;

	return last >= 1 && vector_of(&o[last]) >= 0 &&
	       vector_of(&o[last]) == vector_of(&o[last - 1]) &&
	       (i->mnemonic == ZYDIS_MNEMONIC_PXOR ||
		       i->mnemonic == ZYDIS_MNEMONIC_XORPS ||
		       i->mnemonic == ZYDIS_MNEMONIC_XORPD ||
		       i->mnemonic == ZYDIS_MNEMONIC_VPXOR);
}

bool gev__decode_vectors_live(uintptr_t at, uintptr_t end)
{
	ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction i;
	uint32_t set = 0;

	for (int n = 0; n < LOOK_AHEAD; n++, at += i.length) {
		if (!decode_full(at, end, &i, o) || is_end(&i) ||
			i.meta.category == ZYDIS_CATEGORY_CALL)
			return false;
		for (int k = 0; k < i.operand_count && !clears(&i, o); k++)
			if (vector_of(&o[k]) >= 0 &&
				o[k].actions & ZYDIS_OPERAND_ACTION_MASK_READ &&
				!(set & 1u << vector_of(&o[k])))
				return true;
		for (int k = 0; k < i.operand_count; k++)
			if (vector_of(&o[k]) >= 0 &&
				o[k].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
				set |= 1u << vector_of(&o[k]);
	}
	return false;
}
