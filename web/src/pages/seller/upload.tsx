import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, Input, Progress } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { BrokenOff, Refused, send, type Sending } from '../../api/client'
import { problemText } from '../../kit/problem'

const units = ['B', 'kB', 'MB', 'GB']

/** A length in the unit in which it is read best. */
export function bytesText(bytes: number) {
  const power = Math.min(units.length - 1, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** A version of a software package: the installer is sent as it is, its way is shown, and it can be broken off. */
export function PackageUpload({ asset }: { asset: string }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [version, setVersion] = useState('')
  const [file, setFile] = useState<File | null>(null)
  const [sent, setSent] = useState<number | null>(null)
  const [outcome, setOutcome] = useState<{ wrong: boolean; text: string } | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const sending = useRef<Sending | null>(null)
  useEffect(() => () => sending.current?.abort(), [])
  const run = async () => {
    if (!file) return
    setOutcome(null)
    setSent(0)
    try {
      const query = new URLSearchParams({ version: version.trim(), file_name: file.name })
      sending.current = await send(`/api/v1/seller/assets/${asset}/packages?${query}`, file, setSent)
      await sending.current.done
      setOutcome({ wrong: false, text: t('assets.added') })
      setVersion('')
      setFile(null)
      if (input.current) input.current.value = ''
      await client.invalidateQueries()
    } catch (e) {
      setOutcome({
        wrong: true,
        text:
          e instanceof Refused
            ? problemText(t, e.problem)
            : e instanceof BrokenOff
              ? t('assets.broken_off')
              : t('problem.network'),
      })
    }
    setSent(null)
  }
  const busy = sent !== null
  return (
    <Form layout="vertical" style={{ maxWidth: 560 }} onFinish={() => void run()}>
      <Form.Item label={t('assets.version')} htmlFor="package-version">
        <Input
          id="package-version"
          value={version}
          maxLength={32}
          disabled={busy}
          placeholder="1.0.0"
          onChange={(e) => setVersion(e.target.value)}
        />
      </Form.Item>
      <Form.Item label={t('assets.file')} extra={t('assets.file_hint')} htmlFor="package-file">
        <input
          ref={input}
          type="file"
          accept=".zip,.tar,.gz"
          style={{ display: 'none' }}
          aria-label={t('assets.file')}
          onChange={(e) => setFile(e.target.files?.[0] ?? null)}
        />
        <div className="row">
          <Button id="package-file" disabled={busy} onClick={() => input.current?.click()}>
            {t('assets.choose')}
          </Button>
          {file && (
            <span>
              <span className="mono">{file.name}</span> <span className="muted">{bytesText(file.size)}</span>
            </span>
          )}
        </div>
      </Form.Item>
      {busy && (
        <Progress percent={Math.floor((100 * sent) / Math.max(file?.size ?? 1, 1))} aria-label={t('assets.sending')} />
      )}
      {outcome && (
        <Alert
          style={{ marginBottom: 16 }}
          type={outcome.wrong ? 'error' : 'success'}
          showIcon
          title={outcome.text}
          role="status"
        />
      )}
      <div className="row">
        <Button type="primary" htmlType="submit" loading={busy} disabled={!file || !version.trim()}>
          {t('assets.send')}
        </Button>
        {busy && <Button onClick={() => sending.current?.abort()}>{t('assets.break_off')}</Button>}
      </div>
    </Form>
  )
}
