#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tests/run-inspect asks of one JSON object on standard input: check.py WHAT [ARGUMENT…]. Silent if all is well."""
import json
import sys

PAGE, GUEST_MAX = 4096, 64 << 40
ADDRESS = 0x000FFFFFFFFFF000
j = json.load(sys.stdin)
args = sys.argv[2:]


def need(condition, *said):
    if not condition:
        sys.exit(' '.join(str(s) for s in said) or 'condition not met')


def slot_of(gpa, size=1):
    return next((s for s in j['slots'] if s['gpa'] <= gpa and gpa + size <= s['gpa'] + s['size']), None)


def leaves(entries, level=4):
    for e in entries:
        if 'entries' in e:
            yield from leaves(e['entries'], level - 1)
        else:
            yield level, e


def count_tables(entries, level, counts):
    counts[level] = counts.get(level, 0) + 1
    for e in entries:
        if 'entries' in e:
            count_tables(e['entries'], level - 1, counts)


def regions(kind):
    return [r for r in j['regions'] if r['kind'] == kind]


def survey():
    """The parts agree with each other."""
    pt, cpu = j['page_tables'], j['vcpus'][0]
    need(pt['levels'] == 4 and pt['root_gpa'] == cpu['control']['cr3'], 'CR3 is not the root')
    counts = {}
    count_tables(pt['entries'], 4, counts)
    need({str(k): v for k, v in counts.items()} == pt['tables'], 'tables', counts, pt['tables'])
    covered = 0
    for level, e in leaves(pt['entries']):
        need(level in (1, 2) and e['size'] == (PAGE if level == 1 else 2 << 20), 'a leaf at level', level, e)
        need(e['va'] % e['size'] == 0 and e['gpa'] % e['size'] == 0, 'not aligned', e)
        covered += e['count'] * e['size']
        for at in range(0, e['count'] * e['size'], e['size']):
            s = slot_of(e['gpa'] + at, e['size'])
            need(s, 'no slot for', e)
            if s['kind'] == 'memory':
                need(s['hva'] + e['gpa'] - s['gpa'] == e['va'], 'host-virtual is not virtual', e, s)
    need(covered == pt['covered'], 'covered', covered, pt['covered'])
    for a, b in zip(j['slots'], j['slots'][1:]):
        need(a['gpa'] + a['size'] <= b['gpa'], 'slots overlap', a, b)
    for a, b in zip(j['regions'], j['regions'][1:]):
        need(a['end'] <= b['start'], 'regions overlap or are not sorted', a, b)
    for r in j['regions']:
        mapped = sum(max(0, min(r['end'], e['va'] + e['count'] * e['size']) - max(r['start'], e['va']))
                     for _, e in leaves(pt['entries']))
        need(mapped == r['mapped'], 'mapped', mapped, r)
        need(r.get('resident', 0) <= r['end'] - r['start'], 'more resident than there is', r)
        if 'gpa' in r:
            s = slot_of(r['gpa'])
            need(s and s['hva'] + r['gpa'] - s['gpa'] == r['hva'], 'hva of', r)
    for kind in 'image', 'stack', 'stubs', 'cpu':
        need(regions(kind), 'no', kind)
    stubs, tables = regions('stubs')[0], cpu['page_va'] if 'page_va' in cpu else regions('cpu')[0]['start']
    need(cpu['msrs']['LSTAR'] == stubs['start'], 'LSTAR is not the stub')
    need(cpu['gdt']['base'] == tables and tables < cpu['idt']['base'] < tables + PAGE, 'the tables are not in the page')
    need(all(stubs['start'] <= g['target'] < stubs['end'] for g in cpu['idt']['gates']), 'a gate leads elsewhere')
    need(cpu['control']['cr0'] & 0x80000001 == 0x80000001 and cpu['control']['efer'] & 0x500 == 0x500, 'not in long mode')
    need(cpu['segments']['TR']['base'] == tables + 0x80, 'TR is not at the TSS')
    need(cpu['run_page']['hva'] > GUEST_MAX and cpu['run_page']['size'] % PAGE == 0, 'run page', cpu['run_page'])
    need(not any(s['hva'] <= cpu['run_page']['hva'] < s['hva'] + s['size'] for s in j['slots']), 'the run page is in the guest')
    stack, r = regions('stack')[0], cpu['registers']
    need(stack['start'] <= r['rsp'] < stack['end'], 'RSP is not in the stack')
    need(any(x['start'] <= r['rip'] < x['end'] and x['prot'] & 4 for x in j['regions']), 'RIP is in no code')


def maps():
    """Each mapping that the program saw is a region, and each region of its memory was seen."""
    seen = []
    for line in open(args[0], encoding='utf-8', errors='replace'):
        field = line.split()
        start, end = (int(x, 16) for x in field[0].split('-'))
        prot = sum(bit for c, bit in zip(field[1], (1, 2, 4)) if c != '-')
        seen.append((start, end, prot, field[1][3] == 's'))
    mine = [(r['start'], r['end'], r['prot'], r['shared']) for r in j['regions'] if r['start'] < GUEST_MAX]
    need(len(seen) > 5 and sorted(seen) == mine, 'maps', set(seen) ^ set(mine))


def touched():
    """Of the known mapping so many pages are there."""
    r = next((r for r in j['regions'] if r['start'] == 0x200000000000), None)
    need(r and r['end'] - r['start'] == 64 * PAGE and r['resident'] == 10 * PAGE, 'the known mapping', r)
    need(r['mapped'] >= r['resident'] and r['prot'] == 3 and r['kind'] == 'anonymous', r)


def translated():
    """Each step follows from the one before, down to the memory of the monitor."""
    for t in j['translations']:
        va = t['va']
        need(t['mapped'], t['asked'], 'is not mapped')
        need([s['level'] for s in t['steps']] == [4, 3, 2, 1][:len(t['steps'])], 'levels', t)
        for s, following in zip(t['steps'], t['steps'][1:] + [None]):
            shift = 12 + 9 * (s['level'] - 1)
            need(s['index'] == va >> shift & 511 and s['entry'] & 1, 'entry', s)
            if following:
                need(not s['leaf'] and s['entry'] & ADDRESS == following['table_gpa'], 'next table', s, following)
            else:
                need(s['leaf'] and t['gpa'] == (s['entry'] & ADDRESS) + va % (1 << shift), 'gpa', t)
        slot = t['slot']
        need(slot['gpa'] <= t['gpa'] < slot['gpa'] + slot['size'], 'slot', t)
        need(t['hva'] == slot['hva'] + t['gpa'] - slot['gpa'], 'hva', t)
        if va < GUEST_MAX and t.get('kind') != 'vvar':
            need(t['hva'] == va, 'the same address on both sides', t)
        if 'hpa' in t:
            need(t['hpa'] and t['hpa'] % PAGE == va % PAGE, 'hpa', t)
    need([t['asked'] for t in j['translations']] == args[1:], 'asked', args)
    need(args[0] != 'hpa' or any('hpa' in t for t in j['translations']), 'no host-physical address')


def registers():
    r = j['vcpus'][0]['registers']
    for word in args:
        name, value = word.split('=')
        need(r[name] == int(value, 0), name, hex(r[name]), 'is not', value)


def offset():
    """RIP is so far into the program's file."""
    base = regions('image')[0]['start']
    need(j['vcpus'][0]['registers']['rip'] == base + int(args[0], 0), 'rip')


def vcpus():
    need([v['id'] for v in j['vcpus']] == list(range(int(args[0]))), 'vCPUs', [v['id'] for v in j['vcpus']])
    need(len({v['run_page']['hva'] for v in j['vcpus']}) == int(args[0]), 'run pages')
    need(all(v['exits']['system calls'] > 0 for v in j['vcpus']), 'exits')


{'survey': survey, 'maps': maps, 'touched': touched, 'translated': translated, 'registers': registers, 'offset': offset,
 'vcpus': vcpus}[sys.argv[1]]()
